--[[
  Begins the term of a lease anew.

  KEYS[1]  lease of the service
  ARGV[1]  the lease as its holder has it: <holder>|<epoch>
  ARGV[2]  term in ms

  Returns  1, or 0 when it is no longer held
  Errors   none
]]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
