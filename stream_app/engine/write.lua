-- One fenced write: nothing of it happens unless the owner, the write sequence and (for a batch) the position are
-- those that the writer knew; otherwise the answer is what was wrong and what is there.
-- Out of memory, read-only or unable to save, Redis refuses a script its first write or none: it never stops half done.
--
-- KEYS  meta, then one key for each command
-- ARGV  token, sequence, position ('' = of no matter), then for each command: name, number of arguments, arguments
local owner, seq, next_offset = unpack(redis.call('HMGET', KEYS[1], 'owner', 'seq', 'next'))
if owner ~= ARGV[1] then
  return {'owner', owner, seq, next_offset}
end
if seq ~= ARGV[2] then
  return {'sequence', owner, seq, next_offset}
end
-- A partition that was never read has no position: its first batch sets one.
if ARGV[3] ~= '' and next_offset and next_offset ~= ARGV[3] then
  return {'position', owner, seq, next_offset}
end

local at = 4
for number = 2, #KEYS do
  local last = at + 1 + ARGV[at + 1]
  redis.call(ARGV[at], KEYS[number], unpack(ARGV, at + 2, last))
  at = last + 1
end
return 1
