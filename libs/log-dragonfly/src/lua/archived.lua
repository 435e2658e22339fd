--[[
  Notes how far the archive is, for the holder of its keeper's lease, where the log has that very commit.

  KEYS[1]  log
  KEYS[2]  head
  KEYS[3]  lease of the archive's keeper
  KEYS[4]  how far the archive is
  ARGV[1]  the lease as the keeper holds it: <holder>|<epoch>
  ARGV[2]  position of the last commit that is archived; 0-0: none is
  ARGV[3]  what is to be noted

  Returns  1
  Errors   TORCH_FENCED             the lease is another's, or has run out
           TORCH_REGRESSED <head>   the log has another commit there, or none
]]
if redis.call('GET', KEYS[3]) ~= ARGV[1] then
  return redis.error_reply('TORCH_FENCED')
end
local seq = tonumber(string.match(ARGV[2], '^%d+'))
if seq > 0 and #redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2]) == 0 then
  local head = redis.call('GET', KEYS[2]) or '0-0'
  local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)
  local first_seq = tonumber(string.match(head, '^%d+')) + 1
  if #first > 0 then
    first_seq = tonumber(string.match(first[1][1], '^%d+'))
  end
  -- What was trimmed off the beginning was there.
  if seq >= first_seq then
    return redis.error_reply('TORCH_REGRESSED ' .. head)
  end
end
redis.call('SET', KEYS[4], ARGV[3])
return 1
