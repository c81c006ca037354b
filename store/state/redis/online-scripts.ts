/**
 * The scripts of `RedisOnline`. Each begins with KEYS: `infos` (hash, `{uid}/{clientId}` → `{node} {platform} {json}`),
 * `order` (zset of the same names, all of score 0), `nodes` (set of nodes that have connections), and the leases and their
 * clock (store/state/redis/nodes.ts); ARGV[1] and ARGV[2] begin the keys of a node's names and of a user's times
 * (`{cameAt} {leftAt}`, leftAt 0 while online).
 */
const common = `
local infos, order, nodes, leases, clock = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local ofNode, ofUser = ARGV[1], ARGV[2]
local leaseNow = tonumber(redis.call('HGET', clock, 'now')) or 0
local known = {}
local function alive(node)
  if known[node] == nil then known[node] = (tonumber(redis.call('ZSCORE', leases, node)) or 0) > leaseNow end
  return known[node]
end
local function nodeOf(value) return string.match(value, '^(%S+)') end
local function uidOf(name) return string.match(name, '^([^/]*)') end
local function namesOf(uid, count)
  return redis.call('ZRANGEBYLEX', order, '[' .. uid .. '/', '(' .. uid .. '0', 'LIMIT', 0, count)
end
local function timesOf(uid)
  local times = redis.call('GET', ofUser .. uid)
  if not times then return nil end
  local came, left = string.match(times, '(%d+) (%d+)')
  return tonumber(came), tonumber(left)
end
local retainSeconds = 3600
local function setTimes(uid, came, left)
  local times = string.format('%.0f %.0f', came, left)
  if left == 0 then redis.call('SET', ofUser .. uid, times)
  else redis.call('SET', ofUser .. uid, times, 'EX', retainSeconds) end
end
local function wall()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function drop(name, node, at)
  redis.call('SREM', ofNode .. node, name)
  local value = redis.call('HGET', infos, name)
  if not value or nodeOf(value) ~= node then return end
  redis.call('HDEL', infos, name)
  redis.call('ZREM', order, name)
  local uid = uidOf(name)
  if uid == 'anonymous' or #namesOf(uid, 1) > 0 then return end
  local came, left = timesOf(uid)
  if came and left == 0 then setTimes(uid, came, math.max(came, at)) end
end
`;

/**
 * ARGV[3..5]: the node, the time, the grace; then in threes `+` (put), `=` (put, unless another node has it) or `-`
 * (remove), the name, the value. Answers 0 where the node's lease has run out: nothing is written then.
 */
export const writeScript = `${common}
local node, at, grace = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
if not alive(node) then return 0 end
for i = 6, #ARGV, 3 do
  local kind, name, value = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if kind == '-' then drop(name, node, at)
  else
    redis.call('SADD', ofNode .. node, name)
    local before = kind == '=' and redis.call('HGET', infos, name)
    if not before or nodeOf(before) == node or not alive(nodeOf(before)) then
      redis.call('HSET', infos, name, value)
      redis.call('ZADD', order, 0, name)
      local uid = uidOf(name)
      if uid ~= 'anonymous' then
        local came, left = timesOf(uid)
        if not came then setTimes(uid, at, 0)
        elseif left > 0 then setTimes(uid, at - left <= grace and came or math.max(at, left), 0) end
      end
    end
  end
end
redis.call('SADD', nodes, node)
return 1`;

/** ARGV[3..]: uids. Answers for each `{cameAt, leftAt, platforms joined by a comma}`, or nothing. */
export const whereaboutsScript = `${common}
local found = {}
for i = 3, #ARGV do
  local uid = ARGV[i]
  local names = namesOf(uid, 100)
  local platforms, online = {}, false
  if #names > 0 then
    for j, value in ipairs(redis.call('HMGET', infos, unpack(names))) do
      if value then
        local node, platform = string.match(value, '^(%S+) (%S+)')
        if alive(node) then
          online = true
          platforms[#platforms + 1] = platform
        else drop(names[j], node, wall()) end
      end
    end
  end
  local came, left = timesOf(uid)
  if online then
    if not came then
      came = wall()
      setTimes(uid, came, 0)
    end
    left = 0
  elseif came and left == 0 then
    left = math.max(came, wall())
    if #namesOf(uid, 1) == 0 then setTimes(uid, came, left) end
  end
  if came then found[#found + 1] = {uid, string.format('%.0f', came), string.format('%.0f', left), table.concat(platforms, ',')} end
end
return found`;

/**
 * ARGV[3..5]: the range's beginning and end, and how many. Answers where the next look begins, or an empty text at the
 * end, and in pairs the names with their values.
 */
export const listScript = `${common}
local names = redis.call('ZRANGEBYLEX', order, ARGV[3], ARGV[4], 'LIMIT', 0, ARGV[5])
local last = #names == tonumber(ARGV[5]) and names[#names] or ''
local found = {last}
if #names == 0 then return found end
for i, value in ipairs(redis.call('HMGET', infos, unpack(names))) do
  if value and alive(nodeOf(value)) then
    found[#found + 1] = names[i]
    found[#found + 1] = value
  end
end
return found`;

/** ARGV[3..4]: how many names at once, and the node; all that have left where it is absent. Answers whether there is more. */
export const sweepScript = `${common}
for _, node in ipairs(redis.call('SMEMBERS', nodes)) do
  if not alive(node) then
    local names = redis.call('SRANDMEMBER', ofNode .. node, ARGV[3])
    for _, name in ipairs(names) do drop(name, node, wall()) end
    if redis.call('EXISTS', ofNode .. node) == 0 then redis.call('SREM', nodes, node) end
    return 1
  end
end
return 0`;
