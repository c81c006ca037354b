import { leaseClockKey, leasesKey } from './nodes.ts';
import { freeFunction, orphansPrefix, ownedPrefix, prefixes } from './session-keys.ts';

/** Lua `live(node)`: whether the node's lease holds. */
const liveFunction = `
local function live(node)
  local now = tonumber(redis.call('HGET', '${leaseClockKey}', 'now')) or 0
  return (tonumber(redis.call('ZSCORE', '${leasesKey}', node)) or 0) > now
end`;

/** Lua `orphaned(by, number, node, at, name)`: what this connection left is for the node `by` to finish. */
const orphanedFunction = `
local function orphaned(by, number, node, at, name)
  redis.call('HSET', '${orphansPrefix}' .. by, number, node .. ' ' .. at .. ' ' .. name)
end`;

export const ownerScripts = {
  /**
   * A step of taking a session. Keys: its owner, the count of all numbers. Arguments: name, node, the number of an earlier step
   * or empty, whether the owner is passed over, now. Answers the number, what came of it, and whether there is an orphan.
   */
  take: `${liveFunction}${orphanedFunction}
local name, me, number = ARGV[1], ARGV[2], tonumber(ARGV[3])
if not number then number = redis.call('INCR', KEYS[2]) end
local found = redis.call('HMGET', KEYS[1], 'node', 'number', 'claim')
local node, held, claim = found[1], tonumber(found[2]) or 0, tonumber(found[3]) or 0
if held == number then return {number, 'held', 0} end
if held > number or claim > number then return {number, 'late', 0} end
local left = 0
if node and node ~= me then
  if ARGV[4] == '0' and live(node) then
    redis.call('HSET', KEYS[1], 'claim', number)
    return {number, 'wait', 0}
  end
  redis.call('SREM', '${ownedPrefix}' .. node, name)
  orphaned(me, held, node, ARGV[5], name)
  left = 1
end
redis.call('HSET', KEYS[1], 'node', me, 'number', number)
redis.call('HDEL', KEYS[1], 'claim')
redis.call('PERSIST', KEYS[1])
redis.call('SADD', '${ownedPrefix}' .. me, name)
return {number, 'held', left}`,

  /** Keys: the owner. Arguments: name, node, number (0: whatever this node has it by), now. */
  release: `${freeFunction}
local found = redis.call('HMGET', KEYS[1], 'node', 'number', 'claim')
if found[3] == ARGV[3] then redis.call('HDEL', KEYS[1], 'claim') end
if found[1] == ARGV[2] and (found[2] == ARGV[3] or ARGV[3] == '0') then
  redis.call('SREM', '${ownedPrefix}' .. ARGV[2], ARGV[1])
  free(ARGV[1], ARGV[4])
end`,

  /**
   * Keys: the owner of each session. Arguments: node, then the number of each. Answers of each 0, 1 where a newer
   * connection has it or wants it, 2 where nobody has it; nothing where the node itself has no lease now.
   */
  check: `${liveFunction}
if not live(ARGV[1]) then return nil end
local lost = {}
for i, owner in ipairs(KEYS) do
  local found, number = redis.call('HMGET', owner, 'node', 'number', 'claim'), ARGV[i + 1]
  if (tonumber(found[3]) or 0) > tonumber(number) then lost[i] = 1
  elseif found[1] == ARGV[1] and found[2] == number then lost[i] = 0
  else lost[i] = found[1] and 1 or 2 end
end
return lost`,

  /**
   * Takes over, in a bounded step, what nodes left that have no lease any more; a node that left nothing is forgotten. Keys: leases, infos.
   * Arguments: node, limit, now. Answers the orphans that are this node's: number and the rest of each.
   */
  bury: `${liveFunction}${orphanedFunction}${freeFunction}
local me, limit = ARGV[1], tonumber(ARGV[2])
if live(me) then
  local now = redis.call('HGET', '${leaseClockKey}', 'now') or '0'
  for _, dead in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)) do
    local names = limit > 0 and redis.call('SRANDMEMBER', '${ownedPrefix}' .. dead, limit) or {}
    for _, name in ipairs(names) do
      redis.call('SREM', '${ownedPrefix}' .. dead, name)
      local found = redis.call('HMGET', '${prefixes.owner}' .. name, 'node', 'number')
      if found[1] == dead then
        free(name, ARGV[3])
        orphaned(me, found[2], dead, ARGV[3], name)
      end
    end
    limit = limit - #names
    local rest = limit > 0 and redis.call('HRANDFIELD', '${orphansPrefix}' .. dead, limit, 'WITHVALUES') or {}
    for i = 1, #rest, 2 do
      redis.call('HDEL', '${orphansPrefix}' .. dead, rest[i])
      redis.call('HSET', '${orphansPrefix}' .. me, rest[i], rest[i + 1])
    end
    limit = limit - #rest / 2
    if redis.call('EXISTS', '${ownedPrefix}' .. dead, '${orphansPrefix}' .. dead) == 0 then
      redis.call('ZREM', KEYS[1], dead)
      redis.call('HDEL', KEYS[2], dead)
    end
    if limit <= 0 then break end
  end
end
return redis.call('HRANDFIELD', '${orphansPrefix}' .. me, ARGV[2], 'WITHVALUES')`,
} as const;
