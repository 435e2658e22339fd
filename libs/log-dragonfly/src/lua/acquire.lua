--[[
  Takes a lease that is free, or already this holder's, in a new epoch.

  KEYS[1]  lease of the service
  KEYS[2]  last epoch of the service
  ARGV[1]  holder
  ARGV[2]  term in ms

  Returns  the epoch, as text; nil while another holds it
  Errors   none
]]
local held = redis.call('GET', KEYS[1])
if held and string.match(held, '^(.*)|%d+$') ~= ARGV[1] then
  return false
end
local epoch = string.format('%d', redis.call('INCR', KEYS[2]))
redis.call('SET', KEYS[1], ARGV[1] .. '|' .. epoch, 'PX', ARGV[2])
return epoch
