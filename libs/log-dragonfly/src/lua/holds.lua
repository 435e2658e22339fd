--[[
  Looks for an entry of a command queue, without bringing what is in it: it may be a MiB.

  KEYS[1]  commands of the service
  ARGV[1]  id of the entry

  Returns  1 when the queue has it; else 0
  Errors   none
]]
return #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1], 'COUNT', 1)
