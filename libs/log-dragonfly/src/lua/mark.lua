--[[
  Lets a service's epochs and command ids go on behind those that the log has, on a server that lost them. A lease that was
  given before its epochs were known again is taken back.

  KEYS[1]  lease of the gate's keeper
  KEYS[2]  last epoch of the service
  KEYS[3]  commands of the service
  KEYS[4]  lease of the service
  ARGV[1]  the lease as the keeper holds it: <holder>|<epoch>
  ARGV[2]  epoch of the service's last commit
  ARGV[3]  id of the last command entry that it consumed

  Returns  1
  Errors   TORCH_FENCED   the lease is another's, or has run out
]]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return redis.error_reply('TORCH_FENCED')
end
if tonumber(redis.call('GET', KEYS[2]) or '0') < tonumber(ARGV[2]) then
  redis.call('SET', KEYS[2], ARGV[2])
  if KEYS[4] ~= KEYS[1] then
    redis.call('PEXPIRE', KEYS[4], '0')
  end
end
-- Refused where the queue is further on already.
local added = redis.pcall('XADD', KEYS[3], ARGV[3], 'c', '[]')
if type(added) == 'string' then
  redis.call('XDEL', KEYS[3], added)
end
return 1
