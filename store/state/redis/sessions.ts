import { PetrelError } from '../../../schemas/errors.ts';
import type { ConvId } from '../../../schemas/event.ts';
import { NotTheOwner } from '../../owners.ts';
import type { SessionStore, StoredSession } from '../../sessions.ts';
import type { RedisConnection, RedisScript } from './client.ts';
import type { RedisOwners } from './owners.ts';
import { scanKeys } from './scan.ts';
import { loadedScripts } from './scripts.ts';
import { expiryKey, neverExpires, prefixes, subscribedKey, userKey } from './session-keys.ts';

/** Lua `mine(owner, number)`: whether the session is held by this number, or by nobody where there is none. */
const mineFunction = `
local function mine(owner, number) return (redis.call('HGET', owner, 'number') or '') == number end`;

const scripts = {
  /** Keys: session, moved. */
  get: `
local kept = redis.call('HMGET', KEYS[1], 'form', 'positions', 'off', 'until')
if not kept[1] then return nil end
return {kept[1], kept[2], kept[3] or '', kept[4] or '', redis.call('HGETALL', KEYS[2])}`,

  /** Keys: session, moved, owner, user. Arguments: number, name, client id, form, positions, seconds, off, until, did, subscribed. */
  put: `${mineFunction}
if not mine(KEYS[3], ARGV[1]) then return 0 end
local name, off, ends = ARGV[2], ARGV[7], ARGV[8]
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[1], 'form', ARGV[4], 'positions', ARGV[5], 'seconds', ARGV[6])
if off ~= '' then redis.call('HSET', KEYS[1], 'off', off) end
if ends ~= '' then
  redis.call('HSET', KEYS[1], 'until', ends)
  redis.call('ZADD', '${expiryKey}', ends, name)
else
  redis.call('ZREM', '${expiryKey}', name)
end
redis.call('HSET', KEYS[4], ARGV[3], ARGV[9])
redis.call(ARGV[10] == '1' and 'SADD' or 'SREM', '${subscribedKey}', name)
return 1`,

  /** Keys: session, moved and owner of each. Arguments of each: number, how many pairs, conversation and seq of each pair. */
  progress: `${mineFunction}
local at = 1
for i = 1, #KEYS, 3 do
  local may = redis.call('EXISTS', KEYS[i]) == 1 and mine(KEYS[i + 2], ARGV[at])
  local count = tonumber(ARGV[at + 1])
  at = at + 2
  for _ = 1, count do
    local seq = tonumber(ARGV[at + 1])
    if may and seq > (tonumber(redis.call('HGET', KEYS[i + 1], ARGV[at])) or -1) then
      redis.call('HSET', KEYS[i + 1], ARGV[at], ARGV[at + 1])
    end
    at = at + 2
  end
end`,

  /** Keys: session, moved, owner, user. Arguments: number, name, client id. */
  remove: `${mineFunction}
if not mine(KEYS[3], ARGV[1]) then return 0 end
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('HDEL', KEYS[4], ARGV[3])
redis.call('ZREM', '${expiryKey}', ARGV[2])
redis.call('SREM', '${subscribedKey}', ARGV[2])
return 1`,

  /** Keys: user. Arguments: uid, now. Answers client id and device of each. */
  sessionsOf: `
local found, all = {}, redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local ends = redis.call('HGET', '${prefixes.session}' .. ARGV[1] .. '/' .. all[i], 'until')
  if not ends or tonumber(ends) >= tonumber(ARGV[2]) then
    found[#found + 1] = all[i]
    found[#found + 1] = all[i + 1]
  end
end
return found`,

  /** Keys: expiry. Arguments: now, limit. What a connection is about to take up again stays. */
  expire: `
local gone = {}
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])) do
  if redis.call('HEXISTS', '${prefixes.owner}' .. name, 'number') == 0 then
    local slash = string.find(name, '/', 1, true)
    redis.call('DEL', '${prefixes.session}' .. name, '${prefixes.moved}' .. name)
    redis.call('HDEL', '${userKey('')}' .. string.sub(name, 1, slash - 1), string.sub(name, slash + 1))
    redis.call('ZREM', KEYS[1], name)
    redis.call('SREM', '${subscribedKey}', name)
    gone[#gone + 1] = name
  end
end
return gone`,
} as const;

type Scripts = Readonly<Record<keyof typeof scripts, RedisScript>>;

/** Arguments of one call, at most about. */
const maxArguments = 5000;
const scanned = 500;

/** What is stored as `form`: all but the positions and what is decided by when the connection ended. */
type Form = Omit<StoredSession, 'positions' | 'disconnectedAt'>;

export interface RedisSessionsOptions {
  readonly redis: RedisConnection;
  /** Who may write which session. */
  readonly owners: Pick<RedisOwners, 'numberOf' | 'refused'>;
  readonly now?: () => number;
}

/** The sessions of a cluster. The connection stays the caller's. Rejects with `store.unavailable`. */
export async function openRedisSessions(options: RedisSessionsOptions): Promise<SessionStore> {
  return new RedisSessions(options, await loadedScripts(options.redis, scripts));
}

class RedisSessions implements SessionStore {
  readonly #redis: RedisConnection;
  readonly #owners: RedisSessionsOptions['owners'];
  readonly #now: () => number;
  #closed = false;
  readonly #scripts: Scripts;

  constructor({ redis, owners, now = Date.now }: RedisSessionsOptions, loaded: Scripts) {
    this.#redis = redis;
    this.#owners = owners;
    this.#now = now;
    this.#scripts = loaded;
  }

  async get(uid: string, clientId: string): Promise<StoredSession | undefined> {
    this.#open();
    const name = `${uid}/${clientId}`;
    const found = await this.#scripts.get([prefixes.session + name, prefixes.moved + name], []);
    if (found === null) return undefined;
    const [form, text, off, until, moved] = found as [string, string, string, string, string[]];
    if (until !== '' && Number(until) < this.#now()) return undefined;
    const positions = JSON.parse(text) as Record<ConvId, number>;
    for (let i = 0; i < moved.length; i += 2) {
      const conv = moved[i]!;
      positions[conv] = Math.max(positions[conv] ?? 0, Number(moved[i + 1]));
    }
    const session = { ...(JSON.parse(form) as Form), positions };
    return off === '' ? session : { ...session, disconnectedAt: Number(off) };
  }

  async put({ positions, disconnectedAt, ...form }: StoredSession): Promise<void> {
    this.#open();
    const { uid, clientId, did = '', expirySeconds, subscriptions } = form;
    const name = `${uid}/${clientId}`;
    const number = this.#numberOf(name);
    const until =
      disconnectedAt === undefined || expirySeconds === neverExpires
        ? ''
        : disconnectedAt + expirySeconds * 1000;
    await this.#owned(
      name,
      number,
      this.#scripts.put(keysOf(uid, name), [
        ...[number, name, clientId, JSON.stringify(form), JSON.stringify(positions), expirySeconds],
        ...[disconnectedAt ?? '', until, did, subscriptions.length === 0 ? '0' : '1'],
      ]),
    );
  }

  async progress(
    updates: readonly { uid: string; clientId: string; positions: Record<ConvId, number> }[],
  ): Promise<void> {
    const calls: Promise<unknown>[] = [];
    let keys: string[] = [];
    let args: (string | number)[] = [];
    const call = (): void => {
      if (keys.length > 0) calls.push(this.#scripts.progress(keys, args));
      keys = [];
      args = [];
    };
    for (const { uid, clientId, positions } of updates) {
      const name = `${uid}/${clientId}`;
      const pairs = Object.entries(positions);
      keys.push(prefixes.session + name, prefixes.moved + name, prefixes.owner + name);
      args.push(this.#numberOf(name), pairs.length, ...pairs.flat());
      if (keys.length + args.length > maxArguments) call();
    }
    call();
    await Promise.all(calls);
  }

  async remove(uid: string, clientId: string): Promise<void> {
    this.#open();
    const name = `${uid}/${clientId}`;
    const number = this.#numberOf(name);
    await this.#owned(name, number, this.#scripts.remove(keysOf(uid, name), [number, name, clientId]));
  }

  #numberOf(name: string): string {
    return String(this.#owners.numberOf(name) ?? '');
  }

  /** Rejects where the write was refused: another node has the session. */
  async #owned(name: string, number: string, written: Promise<unknown>): Promise<void> {
    if ((await written) === 1) return;
    if (number !== '') this.#owners.refused(name, Number(number));
    throw new NotTheOwner();
  }

  async subscribers(): Promise<Pick<StoredSession, 'uid' | 'clientId' | 'subscriptions'>[]> {
    const found = new Map<string, Pick<StoredSession, 'uid' | 'clientId' | 'subscriptions'>>();
    const now = this.#now();
    let cursor = '0';
    do {
      const scan = await this.#redis.command('sscan', subscribedKey, cursor, 'count', scanned);
      const [next, names] = scan as [string, string[]];
      cursor = next;
      const rows = await this.#redis.pipeline(
        names.map((name) => ['hmget', prefixes.session + name, 'form', 'until'] as const),
      );
      for (const [i, name] of names.entries()) {
        const [form, until] = rows[i] as [string | null, string | null];
        if (form === null || (until !== null && Number(until) < now)) continue;
        const { uid, clientId, subscriptions } = JSON.parse(form) as Form;
        found.set(name, { uid, clientId, subscriptions });
      }
    } while (cursor !== '0');
    return [...found.values()];
  }

  async sessionsOf(uid: string): Promise<Pick<StoredSession, 'uid' | 'clientId' | 'did'>[]> {
    const pairs = (await this.#scripts.sessionsOf([userKey(uid)], [uid, this.#now()])) as string[];
    const found: Pick<StoredSession, 'uid' | 'clientId' | 'did'>[] = [];
    for (let i = 0; i < pairs.length; i += 2) {
      const did = pairs[i + 1]!;
      found.push({ uid, clientId: pairs[i]!, ...(did !== '' && { did }) });
    }
    return found;
  }

  async expire(now: number, limit: number): Promise<{ uid: string; clientId: string }[]> {
    const names = (await this.#scripts.expire([expiryKey], [now, limit])) as string[];
    return names.map((name) => {
      const slash = name.indexOf('/');
      return { uid: name.slice(0, slash), clientId: name.slice(slash + 1) };
    });
  }

  async *all(): AsyncGenerator<StoredSession> {
    for await (const keys of scanKeys(this.#redis, prefixes.session))
      for (const key of keys) {
        const name = key.slice(prefixes.session.length);
        const slash = name.indexOf('/');
        const session = await this.get(name.slice(0, slash), name.slice(slash + 1));
        if (session !== undefined) yield session;
      }
  }

  async check(): Promise<void> {
    this.#open();
    await this.#redis.check();
  }

  /** The connection is not its own. */
  async close(): Promise<void> {
    this.#closed = true;
  }

  #open(): void {
    if (this.#closed) throw new PetrelError('store.unavailable');
  }
}

const keysOf = (uid: string, name: string): string[] => [
  prefixes.session + name,
  prefixes.moved + name,
  prefixes.owner + name,
  userKey(uid),
];
