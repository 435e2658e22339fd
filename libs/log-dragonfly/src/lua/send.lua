--[[
  Queues commands, unless the queue is full.

  KEYS[1]  commands of the service
  ARGV[1]  entries that the queue holds at most
  ARGV[2]  the commands

  Returns  id of the entry
  Errors   TORCH_QUEUE_FULL   nothing was queued
]]
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[1]) then
  return redis.error_reply('TORCH_QUEUE_FULL')
end
return redis.call('XADD', KEYS[1], '*', 'c', ARGV[2])
