/** Lua that Redis runs as a whole. KEYS[1] begins all keys, as which ones a message touches is found by the script. */

/** What several scripts do. Entries are `{message} {weight} {expires at} {copy}` in the field `e{id}` of a session's hash. */
const common = `
local p = KEYS[1]
local function num(value) return tonumber(value or 0) or 0 end
local function release(message)
  local key = p .. 'm:' .. message
  if redis.call('HINCRBY', key, 'refs', -1) <= 0 then
    redis.call('DECRBY', p .. 'bytes', num(redis.call('HGET', key, 'weight')))
    redis.call('DEL', key)
  end
  redis.call('DECRBY', p .. 'bytes', 100)
end
-- A new message that so many entries refer to.
local function hold(message, body, weight, refs)
  redis.call('HSET', p .. 'm:' .. message, 'body', body, 'weight', weight, 'refs', refs)
  redis.call('INCRBY', p .. 'bytes', weight + 100 * refs)
end
local function removeEntry(queue, id)
  local value = redis.call('HGET', queue, 'e' .. id)
  if not value then return end
  local message, weight = string.match(value, '^(%S+) (%d+)')
  redis.call('HDEL', queue, 'e' .. id, 's' .. id, 'r' .. id)
  redis.call('HINCRBY', queue, 'count', -1)
  redis.call('HINCRBY', queue, 'bytes', -tonumber(weight))
  release(message)
end
local function tell(head, frame)
  local text = cjson.encode(head)
  redis.call('PUBLISH', KEYS[2], string.format('%08d', #text) .. text .. frame)
end
local function nextNumber() return redis.call('INCR', p .. 'number') end
local function changeRows(asked)
  local number, changes = nextNumber(), {}
  for _, change in ipairs(asked) do
    local field = change[1] .. '\\0' .. change[2]
    local old = not change[3] and change[4] and redis.call('HGET', p .. 'rows', field)
    if not old or cjson.decode(old).node == change[4] then changes[#changes + 1] = change end
  end
  for _, change in ipairs(changes) do
    local field = change[1] .. '\\0' .. change[2]
    local set = p .. 's:' .. change[1]
    if change[3] then
      redis.call('HSET', p .. 'rows', field, change[3])
      redis.call('SADD', set, change[2])
      if change[4] then
        redis.call('SADD', p .. 'v:' .. change[4], field)
        redis.call('SADD', p .. 'nodes', change[4])
      end
    else
      redis.call('HDEL', p .. 'rows', field)
      redis.call('SREM', set, change[2])
    end
  end
  redis.call('SET', p .. 'rows-at', number)
  tell({ n = number, r = #changes > 0 and changes or nil }, '')
  return number
end
local function letGo(session, queue, node)
  redis.call('HDEL', queue, 'owner')
  redis.call('SREM', p .. 'o:' .. node, session)
  if num(redis.call('HGET', queue, 'count')) <= 0 then redis.call('DEL', queue) end
end
-- The fields of entries, flat: id, message, copy, state, received, body.
local function entriesOf(queue, after)
  local all, found = redis.call('HGETALL', queue), {}
  local states, received = {}, {}
  for i = 1, #all, 2 do
    local kind = string.sub(all[i], 1, 1)
    if string.match(all[i], '^s%-?%d') then states[string.sub(all[i], 2)] = all[i + 1]
    elseif string.match(all[i], '^r%-?%d') then received[string.sub(all[i], 2)] = '1' end
  end
  for i = 1, #all, 2 do
    local id = string.match(all[i], '^e(%-?%d+)$')
    if id and tonumber(id) > after then
      local message, copy = string.match(all[i + 1], '^(%S+) %S+ %S+ (.*)$')
      local body = redis.call('HGET', p .. 'm:' .. message, 'body')
      for _, part in ipairs({ id, copy, states[id] or '', received[id] or '', body or '' }) do found[#found + 1] = part end
    end
  end
  return found
end
`;

/** ARGV: what is to be done as JSON, then frames and records. */
export const publishScript = `${common}
local batch = cjson.decode(ARGV[1])
local rowsAt = num(redis.call('GET', p .. 'rows-at'))
if rowsAt > batch.at then return 'stale ' .. rowsAt end
local limits, now = batch.limits, batch.now
local function sweep(queue)
  local all = redis.call('HGETALL', queue)
  local first
  for i = 1, #all, 2 do
    local id = string.match(all[i], '^e(%-?%d+)$')
    local expires = id and num(string.match(all[i + 1], '^%S+ %S+ (%d+)')) or 0
    if expires > 0 and expires <= now and not redis.call('HGET', queue, 's' .. id) then removeEntry(queue, id)
    elseif expires > 0 and expires > now and (not first or expires < first) then first = expires end
  end
  if first then redis.call('HSET', queue, 'expires', string.format('%.0f', first)) else redis.call('HDEL', queue, 'expires') end
end
-- What the queue is like where it has room: owner, count, bytes, when the first expires, last id.
local function roomIn(queue, weight)
  for try = 1, 2 do
    local facts = redis.call('HMGET', queue, 'owner', 'count', 'bytes', 'expires', 'last')
    local owned = facts[1] and 1 or 0
    local count, bytes = limits.count + owned * limits.flying, limits.bytes + owned * limits.flyingBytes
    if num(facts[2]) < count and num(facts[3]) + weight <= bytes then return facts end
    if not facts[4] or num(facts[4]) > now then return nil end
    sweep(queue)
  end
end
local outcomes = {}
for i, one in ipairs(batch.m) do
  local frame, number = ARGV[one.f], nil
  local body = string.sub(frame, -one.d)
  local head, entries, chosen, queued, dropped = {}, {}, {}, 0, 0
  local function enqueue(session, copy)
    local queue = p .. 'q:' .. session
    local facts = roomIn(queue, one.w)
    if not facts then return false end
    local id = num(facts[5]) + 1
    redis.call('HSET', queue, 'last', id, 'count', num(facts[2]) + 1, 'bytes', num(facts[3]) + one.w,
      'e' .. id, number .. ' ' .. one.w .. ' ' .. string.format('%.0f', one.x or 0) .. ' ' .. copy)
    if one.x and (not facts[4] or one.x < num(facts[4])) then
      redis.call('HSET', queue, 'expires', string.format('%.0f', one.x))
    end
    queued = queued + 1
    if facts[1] then entries[#entries + 1] = { session, id, copy } end
    return true
  end
  local function choose(group)
    for _, member in ipairs(group) do
      local connected = not member.p or redis.call('HEXISTS', p .. 'q:' .. member.s, 'owner') == 1
      if connected then
        if not (member.p and member.q) then chosen[#chosen + 1] = { member.s, member.f } return end
        if enqueue(member.s, member.c) then return end
      end
    end
    local kept = false
    for _, member in ipairs(group) do
      if member.p and member.q and redis.call('HEXISTS', p .. 'q:' .. member.s, 'owner') == 0 then
        kept = true
        if enqueue(member.s, member.c) then return end
      end
    end
    if kept then dropped = dropped + 1 end
  end
  local waits = #one.e > 0
  for _, group in ipairs(one.g) do for _, member in ipairs(group) do waits = waits or member.q end end
  local refused
  if waits and num(redis.call('GET', p .. 'bytes')) >= limits.total then refused = 'queues-full' end
  local keep = one.t
  if keep then
    local old = redis.call('HGET', p .. 'retained-facts', keep.t)
    local oldWeight = num(old and string.match(old, '^(%d+)'))
    local total = num(redis.call('GET', p .. 'retained-bytes'))
    if keep.i then
      local count = redis.call('HLEN', p .. 'retained') + (old and 0 or 1)
      if count > limits.retained or total + keep.w - oldWeight > limits.retainedBytes then refused = 'retained-full' end
    end
    if not refused then
      redis.call('INCRBY', p .. 'retained-bytes', (keep.i and keep.w or 0) - oldWeight)
      if keep.i then
        redis.call('HSET', p .. 'retained', keep.t, ARGV[keep.i])
        redis.call('HSET', p .. 'retained-facts', keep.t, keep.w .. ' ' .. string.format('%.0f', one.x or 0))
      else
        redis.call('HDEL', p .. 'retained', keep.t)
        redis.call('HDEL', p .. 'retained-facts', keep.t)
      end
    end
  end
  if refused then outcomes[i] = refused
  else
    number = nextNumber()
    for _, receiver in ipairs(one.e) do
      if not enqueue(receiver[1], receiver[2]) then dropped = dropped + 1 end
    end
    for _, group in ipairs(one.g) do choose(group) end
    if queued > 0 then hold(number, body, one.w, queued) end
    head.n = number
    if one.l then head.l = true end
    if #entries > 0 then head.e = entries end
    if #chosen > 0 then head.c = chosen end
    tell(head, frame)
    outcomes[i] = number .. ' ' .. queued .. ' ' .. dropped
  end
end
return outcomes`;

/** ARGV: changes as JSON. */
export const rowsScript = `${common}
return changeRows(cjson.decode(ARGV[1]))`;

/** ARGV: session, node, token. */
export const claimScript = `${common}
local queue = p .. 'q:' .. ARGV[1]
redis.call('HSET', queue, 'owner', ARGV[2] .. ' ' .. ARGV[3])
redis.call('SADD', p .. 'o:' .. ARGV[2], ARGV[1])
redis.call('SADD', p .. 'nodes', ARGV[2])
return { redis.call('HGET', queue, 'last') or '0', entriesOf(queue, -math.huge) }`;

/** ARGV: session, token, the id after which. Answers nothing to who is not the owner. */
export const entriesScript = `${common}
local queue = p .. 'q:' .. ARGV[1]
local owner = redis.call('HGET', queue, 'owner')
if not owner or string.match(owner, ' (%S+)$') ~= ARGV[2] then return false end
return entriesOf(queue, tonumber(ARGV[3]))`;

/** ARGV: node, changes as JSON, then bodies. Answers the sessions that are not the caller's any more. */
export const progressScript = `${common}
local node, fenced = ARGV[1], {}
for _, change in ipairs(cjson.decode(ARGV[2])) do
  local session = change.s
  local queue = p .. 'q:' .. session
  if redis.call('HGET', queue, 'owner') ~= node .. ' ' .. change.t then fenced[#fenced + 1] = session
  else
    for _, entry in ipairs(change.e) do
      local id = string.format('%.0f', entry.i)
      if entry.a and not redis.call('HGET', queue, 'e' .. id) then
        local message = 'a' .. redis.call('INCR', p .. 'bodies')
        hold(message, ARGV[entry.a.b], entry.a.w, 1)
        redis.call('HSET', queue, 'e' .. id, message .. ' ' .. entry.a.w .. ' 0 ' .. entry.a.c)
        redis.call('HINCRBY', queue, 'count', 1)
        redis.call('HINCRBY', queue, 'bytes', entry.a.w)
      end
      if entry.d then removeEntry(queue, id)
      elseif redis.call('HEXISTS', queue, 'e' .. id) == 1 then
        if entry.p then redis.call('HSET', queue, 's' .. id, entry.p) end
        if entry.r then redis.call('HSET', queue, 'r' .. id, '1') end
      end
    end
    if change.x then letGo(session, queue, node) end
  end
end
return fenced`;

/** ARGV: session. Answers entries of shared subscriptions: those whose copy names one. */
export const forgetScript = `${common}
local session = ARGV[1]
local queue = p .. 'q:' .. session
local owner = redis.call('HGET', queue, 'owner')
local all, shared = entriesOf(queue, -math.huge), {}
for i = 1, #all, 5 do
  if cjson.decode(all[i + 1])[3] ~= 0 then for j = i, i + 4 do shared[#shared + 1] = all[j] end end
  removeEntry(queue, all[i])
end
redis.call('DEL', queue)
if owner then redis.call('SREM', p .. 'o:' .. string.match(owner, '^(%S+)'), session) end
local changes = {}
for _, filter in ipairs(redis.call('SMEMBERS', p .. 's:' .. session)) do changes[#changes + 1] = { session, filter } end
if #changes > 0 then changeRows(changes) end
return shared`;

/** ARGV: the node that died, how many at most. Answers how many were looked at; after the last it is not known any more. */
export const nodeLeftScript = `${common}
local node, limit = ARGV[1], tonumber(ARGV[2])
local owned = redis.call('SPOP', p .. 'o:' .. node, limit)
for _, session in ipairs(owned) do
  local queue = p .. 'q:' .. session
  local owner = redis.call('HGET', queue, 'owner')
  if owner and string.match(owner, '^(%S+)') == node then letGo(session, queue, node) end
end
local fields, changes = redis.call('SPOP', p .. 'v:' .. node, limit), {}
for _, field in ipairs(fields) do
  local value = redis.call('HGET', p .. 'rows', field)
  if value and cjson.decode(value).node == node then
    local session, filter = string.match(field, '^(.-)%z(.*)$')
    changes[#changes + 1] = { session, filter }
  end
end
if #changes > 0 then changeRows(changes) end
if #owned + #fields == 0 and redis.call('SCARD', p .. 'w:' .. node) == 0 then redis.call('SREM', p .. 'nodes', node) end
return #owned + #fields`;

/** ARGV: topic, now. */
export const expireRetainedScript = `${common}
local facts = redis.call('HGET', p .. 'retained-facts', ARGV[1])
if not facts then return 0 end
local weight, expires = string.match(facts, '^(%d+) (%d+)$')
if num(expires) == 0 or num(expires) > tonumber(ARGV[2]) then return 0 end
redis.call('HDEL', p .. 'retained', ARGV[1])
redis.call('HDEL', p .. 'retained-facts', ARGV[1])
redis.call('DECRBY', p .. 'retained-bytes', weight)
return 1`;

/** What the scripts of wills share: a will is a hash, and each node's are in a set. */
const wills = `
local p = KEYS[1]
local function setOf(node) return p .. 'w:' .. node end
local function found(session)
  local will = redis.call('HMGET', p .. 'will:' .. session, 'node', 'token', 'due', 'record', 'taken')
  if will[1] then return will end
end
local function drop(session, will)
  redis.call('DEL', p .. 'will:' .. session)
  redis.call('SREM', setOf(will[1]), session)
end
`;

/** ARGV: node, session, token, record. */
export const keepWillScript = `${wills}
local old = found(ARGV[2])
if old then drop(ARGV[2], old) end
redis.call('HSET', p .. 'will:' .. ARGV[2], 'node', ARGV[1], 'token', ARGV[3], 'record', ARGV[4])
redis.call('SADD', setOf(ARGV[1]), ARGV[2])
redis.call('SADD', p .. 'nodes', ARGV[1])
return 1`;

/** ARGV: session, token, due at. */
export const delayWillScript = `${wills}
local will = found(ARGV[1])
if not will or will[2] ~= ARGV[2] then return 0 end
redis.call('HSET', p .. 'will:' .. ARGV[1], 'due', ARGV[3])
return 1`;

/** ARGV: session, token. */
export const dropWillScript = `${wills}
local will = found(ARGV[1])
if not will or will[2] ~= ARGV[2] then return 0 end
drop(ARGV[1], will)
return 1`;

/** ARGV: node, session, token or nothing: then whichever there is. */
export const takeWillScript = `${wills}
local will = found(ARGV[2])
if not will then return false end
if ARGV[3] ~= '' and will[2] ~= ARGV[3] then return 'replaced' end
if will[5] then return false end
redis.call('SREM', setOf(will[1]), ARGV[2])
redis.call('SADD', setOf(ARGV[1]), ARGV[2])
redis.call('SADD', p .. 'nodes', ARGV[1])
redis.call('HSET', p .. 'will:' .. ARGV[2], 'node', ARGV[1], 'taken', '1')
return { ARGV[2], will[2], will[4], will[3] or '' }`;

/** ARGV: the node that died, the node that calls, how many at most. */
export const adoptWillsScript = `${wills}
local answer = {}
redis.call('SADD', p .. 'nodes', ARGV[2])
for _, session in ipairs(redis.call('SPOP', setOf(ARGV[1]), tonumber(ARGV[3]))) do
  local will = found(session)
  if will and will[1] == ARGV[1] then
    redis.call('HSET', p .. 'will:' .. session, 'node', ARGV[2])
    redis.call('HDEL', p .. 'will:' .. session, 'taken')
    redis.call('SADD', setOf(ARGV[2]), session)
    for _, part in ipairs({ session, will[2], will[4], will[3] or '' }) do answer[#answer + 1] = part end
  end
end
return answer`;
