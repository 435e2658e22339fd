--[[
  Appends commits for the holder of a lease, all or none of them.

  KEYS[1]  log
  KEYS[2]  head
  KEYS[3]  lease of the service
  KEYS[4]  gate
  ARGV[1]  the lease as the writer holds it: <holder>|<epoch>
  ARGV[2]  seq that the writer has seen
  ARGV[3]  generation of that seq
  ARGV[4]  generation to append in
  ARGV[5]  the gate as it is while it is open; empty: works without it
  ARGV[6…] the commits

  Returns  position of the first commit: <seq>-<generation>
  Errors   TORCH_FENCED             the lease is another's, or has run out
           TORCH_GATE_SHUT          the log may be missing something; nobody has made sure yet
           TORCH_REGRESSED <head>   the log no longer holds what the writer has seen
           what XADD answers        nothing was appended
]]
if redis.call('GET', KEYS[3]) ~= ARGV[1] then
  return redis.error_reply('TORCH_FENCED')
end
if ARGV[5] ~= '' and redis.call('GET', KEYS[4]) ~= ARGV[5] then
  return redis.error_reply('TORCH_GATE_SHUT')
end

local seen_seq, seen_generation, generation = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local head_seq, head_generation = 0, 0

local function position(seq, of_generation)
  return string.format('%d-%d', seq, of_generation)
end

local function take_head(text)
  local seq, of_generation = string.match(text, '^(%d+)-(%d+)$')
  if tonumber(seq) > head_seq then
    head_seq, head_generation = tonumber(seq), tonumber(of_generation)
  end
end

-- A replica that was promoted in the middle of this script may have the commits without their head.
local function read_head_back()
  local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
  if #last > 0 then
    take_head(last[1][1])
  end
end

local function has_regressed()
  return head_seq < seen_seq or head_generation ~= seen_generation
end

local function add(seq, commit)
  local reply = redis.pcall('XADD', KEYS[1], position(seq, generation), 'c', commit)
  return type(reply) == 'table' and reply.err and reply or nil
end

local head = redis.call('GET', KEYS[2])
if head then
  take_head(head)
end
if has_regressed() then
  read_head_back()
end
if has_regressed() then
  return redis.error_reply('TORCH_REGRESSED ' .. position(head_seq, head_generation))
end

local refused = add(head_seq + 1, ARGV[6])
if refused then
  local known_seq = head_seq
  read_head_back()
  if head_seq == known_seq then
    return refused
  end
  if has_regressed() then
    return redis.error_reply('TORCH_REGRESSED ' .. position(head_seq, head_generation))
  end
  refused = add(head_seq + 1, ARGV[6])
  if refused then
    return refused
  end
end

local count = #ARGV - 5
for n = 2, count do
  refused = add(head_seq + n, ARGV[5 + n])
  if refused then
    for added = 1, n - 1 do
      redis.call('XDEL', KEYS[1], position(head_seq + added, generation))
    end
    redis.call('XSETID', KEYS[1], position(head_seq, head_generation))
    return refused
  end
end
redis.call('SET', KEYS[2], position(head_seq + count, generation))
return position(head_seq + 1, generation)
