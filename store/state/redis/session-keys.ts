import { key } from './keys.ts';

/** Beginnings of the keys of one session: what follows is `{uid}/{clientId}`. */
export const prefixes = {
  /** A hash: `form` and `positions` (JSON), `seconds` (its expiry), `off` (disconnected at, ms), `until` (expires at, ms). */
  session: key('session', ''),
  /** A hash of the positions that moved since the session was put: seq by conversation. */
  moved: key('moved', ''),
  /** A hash: the `node` that has the session, the `number` it has it by, and of who waits for it (`claim`). */
  owner: key('owner', ''),
} as const;

/** A hash of the user's sessions: their devices by client id, empty where that is the client. */
export const userKey = (uid: string): string => key('sessions', 'user', uid);
/** By when they expire, ms. */
export const expiryKey = key('sessions', 'expiry');
export const subscribedKey = key('sessions', 'subscribed');

/** What a node has: a set of sessions. */
export const ownedPrefix = key('owned', '');
/** What a node has to finish for others: by number, `{node} {at} {session}`. */
export const orphansPrefix = key('orphans', '');

export const neverExpires = 0xffff_ffff;

/** A wish for a session that nobody has is forgotten after so long. */
const claimMs = 60_000;

/** Lua `free(name, now)`: nobody has the session any more; where it is stored as connected it is disconnected from `now` on. */
export const freeFunction = `
local function free(name, now)
  local session, owner = '${prefixes.session}' .. name, '${prefixes.owner}' .. name
  local kept = redis.call('HMGET', session, 'seconds', 'off')
  if kept[1] and not kept[2] then
    redis.call('HSET', session, 'off', now)
    if tonumber(kept[1]) ~= ${neverExpires} then
      local ends = string.format('%.0f', now + kept[1] * 1000)
      redis.call('HSET', session, 'until', ends)
      redis.call('ZADD', '${expiryKey}', ends, name)
    end
  end
  if redis.call('HEXISTS', owner, 'claim') == 1 then
    redis.call('HDEL', owner, 'node', 'number')
    redis.call('PEXPIRE', owner, ${claimMs})
  else
    redis.call('DEL', owner)
  end
end`;
