-- One switch to another generation: all of it at once or, with what speaks against it as the answer, nothing.
--
-- KEYS  what the rebuilder holds, the hash of generations, then for each partition: meta and outbox there, meta and
--       outbox here (there: the generation that is left; here: the one that is turned to)
-- ARGV  what the rebuilder holds, there, here, 'first' or 'back', the owner that nobody is, then for each partition:
--       the last signal there that was compared ('' = none)
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 'taken'
end
if (redis.call('HGET', KEYS[2], 'active') or '0') ~= ARGV[2] then
  return 'moved'
end
local first = ARGV[4] == 'first'
if first then
  for at = 3, #KEYS, 4 do
    local there = tonumber(redis.call('HGET', KEYS[at], 'next') or 0)
    local here = tonumber(redis.call('HGET', KEYS[at + 2], 'next') or 0)
    -- What was read here and not there would never be parked by anybody if it is no event.
    if here > there then
      return 'ahead'
    end
    if redis.call('HEXISTS', KEYS[at + 2], 'mark:healing') == 1 then
      return 'unsettled'
    end
  end
end
redis.call('HSET', KEYS[2], 'active', ARGV[3], 'previous', ARGV[2])
for at = 3, #KEYS, 4 do
  local left, right = KEYS[at], KEYS[at + 2]
  redis.call('HSET', left, 'owner', ARGV[5])
  redis.call('HSET', right, 'owner', ARGV[5])
  local parked = redis.call('HGET', left, 'next')
  if parked then
    redis.call('HSET', right, 'mark:parked', parked)
  end
  -- Signals that were taken for said and wait there go out before those that were found here.
  local upto = ARGV[6 + (at - 3) / 4]
  local waiting = upto ~= '' and redis.call('XRANGE', KEYS[at + 1], '-', upto) or {}
  if #waiting > 0 then
    local seq = (redis.call('HGET', right, 'seq') or 0) + 1
    local found = redis.call('XRANGE', KEYS[at + 3], '-', '+')
    redis.call('UNLINK', KEYS[at + 3])
    for place, entry in ipairs(waiting) do
      redis.call('XADD', KEYS[at + 3], seq .. '-' .. place, unpack(entry[2]))
    end
    for place, entry in ipairs(found) do
      redis.call('XADD', KEYS[at + 3], seq .. '-' .. (#waiting + place), unpack(entry[2]))
    end
    redis.call('HSET', right, 'seq', seq)
  end
end
return 'done'
