--[[
  Opens the gate, or says for good why not; with the commit that opens the next generation, if there is one.

  KEYS[1]  log
  KEYS[2]  head
  KEYS[3]  lease of the gate's keeper
  KEYS[4]  gate
  ARGV[1]  the lease as the keeper holds it: <holder>|<epoch>
  ARGV[2]  what the gate is to be
  ARGV[3]  where the log must end; empty: anywhere
  ARGV[4]  position of the commit; empty: there is none
  ARGV[5]  the commit

  Returns  what the gate was, empty if it was nothing
  Errors   TORCH_FENCED             the lease is another's, or has run out
           TORCH_REGRESSED <head>   the log does not end there
           what XADD answers        nothing was done
]]
if redis.call('GET', KEYS[3]) ~= ARGV[1] then
  return redis.error_reply('TORCH_FENCED')
end
local was = redis.call('GET', KEYS[4]) or ''
if was == ARGV[2] then
  return was
end
local head = redis.call('GET', KEYS[2]) or '0-0'
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if #last > 0 and tonumber(string.match(last[1][1], '^%d+')) > tonumber(string.match(head, '^%d+')) then
  head = last[1][1]
end
if ARGV[3] ~= '' and head ~= ARGV[3] then
  return redis.error_reply('TORCH_REGRESSED ' .. head)
end
if ARGV[4] ~= '' then
  local reply = redis.pcall('XADD', KEYS[1], ARGV[4], 'c', ARGV[5])
  if type(reply) == 'table' and reply.err then
    return reply
  end
  redis.call('SET', KEYS[2], ARGV[4])
end
redis.call('SET', KEYS[4], ARGV[2])
return was
