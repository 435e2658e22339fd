--[[
  Where the log ends: the head, or the last entry where a script was torn before it set the head.

  KEYS[1]  log
  KEYS[2]  head

  Returns  position of the last commit: <seq>-<generation>; 0-0 for an empty log
  Errors   none
]]
local head = redis.call('GET', KEYS[2]) or '0-0'
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if #last > 0 and tonumber(string.match(last[1][1], '^%d+')) > tonumber(string.match(head, '^%d+')) then
  return last[1][1]
end
return head
