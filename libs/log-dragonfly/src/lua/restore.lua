--[[
  Puts commits back behind the head, under their own positions, while the gate is not open.

  KEYS[1]  log
  KEYS[2]  head
  KEYS[3]  lease of the gate's keeper
  KEYS[4]  gate
  ARGV[1]  the lease as the keeper holds it: <holder>|<epoch>
  ARGV[2]  the gate as it is while it is open
  ARGV[3]  seq of the first commit
  ARGV[4]  empty: it follows the head; anything else: the log begins with it, and what it has before is forgotten
  ARGV[5…] position and text of each commit, in order

  Returns  position of the last commit
  Errors   TORCH_FENCED             the lease is another's, or has run out
           TORCH_GATE_OPEN          owners are at work already
           TORCH_REGRESSED <head>   the head is not right before the first commit, or not before it at all
           what XADD answers        the commits before it are there
]]
if redis.call('GET', KEYS[3]) ~= ARGV[1] then
  return redis.error_reply('TORCH_FENCED')
end
if redis.call('GET', KEYS[4]) == ARGV[2] then
  return redis.error_reply('TORCH_GATE_OPEN')
end
local head = redis.call('GET', KEYS[2]) or '0-0'
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if #last > 0 and tonumber(string.match(last[1][1], '^%d+')) > tonumber(string.match(head, '^%d+')) then
  head = last[1][1]
end
local head_seq, first_seq = tonumber(string.match(head, '^%d+')), tonumber(ARGV[3])
if head_seq >= first_seq or (ARGV[4] == '' and head_seq ~= first_seq - 1) then
  return redis.error_reply('TORCH_REGRESSED ' .. head)
end
if ARGV[4] ~= '' then
  redis.call('XTRIM', KEYS[1], 'MINID', ARGV[3] .. '-0')
end
for n = 5, #ARGV, 2 do
  local reply = redis.pcall('XADD', KEYS[1], ARGV[n], 'c', ARGV[n + 1])
  if type(reply) == 'table' and reply.err then
    return reply
  end
  head = ARGV[n]
  redis.call('SET', KEYS[2], head)
end
return head
