--[[
  Gives a lease back.

  KEYS[1]  lease of the service
  ARGV[1]  the lease as its holder has it: <holder>|<epoch>

  Returns  1, or 0 when it was no longer held
  Errors   none
]]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
-- Not `DEL`: nobody has the right to that.
return redis.call('PEXPIRE', KEYS[1], 0)
