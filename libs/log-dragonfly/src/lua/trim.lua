--[[
  Forgets the beginning of the log, up to what is still needed.

  KEYS[1]  log
  KEYS[2]  trim guard: for each reader the lowest seq that it needs
  ARGV[1]  lowest seq that is to be left

  Returns  how many entries were forgotten
  Errors   TORCH_GUARDED <seq>   seq and what follows it is still needed; nothing was forgotten
]]
local guard
for _, needed in ipairs(redis.call('HVALS', KEYS[2])) do
  local seq = tonumber(needed)
  if not guard or seq < guard then
    guard = seq
  end
end
if tonumber(ARGV[1]) > (guard or 0) then
  return redis.error_reply(string.format('TORCH_GUARDED %d', guard or 0))
end
return redis.call('XTRIM', KEYS[1], 'MINID', ARGV[1] .. '-0')
