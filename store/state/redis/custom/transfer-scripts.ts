import { expiryKey, prefixes } from '../session-keys.ts';

/** ARGV: topic, weight, when it expires, and which argument is the record, of each, as JSON; then the records. */
export const loadRetainedScript = `
local p = KEYS[1]
for _, one in ipairs(cjson.decode(ARGV[1])) do
  local topic, weight = one[1], one[2]
  local old = redis.call('HGET', p .. 'retained-facts', topic)
  local was = old and tonumber(string.match(old, '^(%d+)')) or 0
  redis.call('INCRBY', p .. 'retained-bytes', weight - was)
  redis.call('HSET', p .. 'retained', topic, ARGV[one[4]])
  redis.call('HSET', p .. 'retained-facts', topic, weight .. ' ' .. string.format('%.0f', one[3]))
end
return 1`;

/**
 * ARGV: as JSON new messages (id, weight, which argument is the body) and entries (session, message, weight, when it expires,
 * copy, packet id or 0, whether it was received); the time; then bodies. What is there as publishing makes it. Entries of a
 * session that is not stored go with the next sessions that expire.
 */
export const loadEntriesScript = `
local p, asked = KEYS[1], cjson.decode(ARGV[1])
for _, message in ipairs(asked.m) do
  redis.call('HSET', p .. 'm:' .. message[1], 'body', ARGV[message[3]], 'weight', message[2], 'refs', 0)
  redis.call('INCRBY', p .. 'bytes', message[2])
end
for _, entry in ipairs(asked.e) do
  local session, message, weight, expires = entry[1], entry[2], entry[3], entry[4]
  local queue = p .. 'q:' .. session
  local id = redis.call('HINCRBY', queue, 'last', 1)
  redis.call('HINCRBY', queue, 'count', 1)
  redis.call('HINCRBY', queue, 'bytes', weight)
  redis.call('HSET', queue, 'e' .. id, message .. ' ' .. weight .. ' ' .. string.format('%.0f', expires) .. ' ' .. entry[5])
  local first = tonumber(redis.call('HGET', queue, 'expires') or 0)
  if expires > 0 and (first == 0 or expires < first) then
    redis.call('HSET', queue, 'expires', string.format('%.0f', expires))
  end
  if entry[6] > 0 then redis.call('HSET', queue, 's' .. id, entry[6] .. ' ' .. id) end
  if entry[7] then redis.call('HSET', queue, 'r' .. id, '1') end
  redis.call('HINCRBY', p .. 'm:' .. message, 'refs', 1)
  redis.call('INCRBY', p .. 'bytes', 100)
  if string.find(session, '/', 1, true) and redis.call('EXISTS', '${prefixes.session}' .. session) == 0 then
    redis.call('ZADD', '${expiryKey}', ARGV[2], session)
  end
end
return 1`;
