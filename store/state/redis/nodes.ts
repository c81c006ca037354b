import { does } from '../../../schemas/config/roles.ts';
import type { Bus } from '../../bus.ts';
import type { NodeInfo, Nodes, NodesChange } from '../../nodes.ts';
import type { RedisConnection, RedisScript } from './client.ts';
import { key } from './keys.ts';
import { Suspects } from './suspects.ts';

/** When the lease of each node runs out, by the clock of the leases. Nodes whose lease has run out stay until they are buried. */
export const leasesKey = key('nodes', 'leases');
export const leaseClockKey = key('nodes', 'clock');
export const infosKey = key('nodes', 'infos');

/**
 * Leases go by a clock that stands still while nobody can renew: of a time in which Redis was away, 2 s count at most, so
 * that it takes no node's lease. Whoever looks at it (Lua; `KEYS[2]` is `leaseClockKey`, it makes `now`) makes it go on.
 */
export const leaseClock = `
local time = redis.call('TIME')
local wall = time[1] * 1000 + math.floor(time[2] / 1000)
local last = redis.call('HMGET', KEYS[2], 'wall', 'now')
local passed = math.min(math.max(wall - (tonumber(last[1]) or wall), 0), 2000)
local now = (tonumber(last[2]) or 0) + passed
redis.call('HSET', KEYS[2], 'wall', string.format('%.0f', wall), 'now', string.format('%.0f', now))`;

/**
 * Every node looks each second.
 * Modes: `look` and `renew`, which answer 1 first where the lease has run out, and it is not renewed then; `join`; `leave`.
 */
const tickScript = `${leaseClock}
local mode, id, expired = ARGV[1], ARGV[2], 0
if (mode == 'look' or mode == 'renew') and (tonumber(redis.call('ZSCORE', KEYS[1], id)) or 0) <= now then expired = 1 end
if mode == 'leave' then redis.call('ZADD', KEYS[1], 0, id)
elseif mode ~= 'look' and expired == 0 then
  redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[3]), id)
  redis.call('HSET', KEYS[3], id, ARGV[4])
end
local live = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', now), '+inf')
if #live == 0 then return {expired, {}} end
return {expired, redis.call('HMGET', KEYS[3], unpack(live))}`;

type Mode = 'look' | 'renew' | 'join' | 'leave';

/** What a node writes of itself; `round` tells a lease from the one after it. */
interface Entry {
  readonly info: NodeInfo;
  readonly round: number;
  /** Where it hears itself: nobody listens there any more when its process has ended. */
  readonly channel?: string;
}

/** Looks that have to find it gone, 0.3 s apart: a broker that was taken for dead had its clients' wills sent. */
const looksOf = ({ role }: NodeInfo): number => (does(role, 'broker') ? 6 : 2);

export interface RedisNodesOptions {
  readonly redis: RedisConnection;
  readonly self: NodeInfo;
  /** Tells the others of a change before they look. */
  readonly bus?: Pick<Bus, 'publish' | 'subscribe'>;
  /** The channel that this node listens on for as long as it lives; nobody is suspected without. */
  readonly channel?: string;
  /** Told of a node whose lease was ended here, as its process is gone. */
  readonly onGone?: (node: NodeInfo) => void;
  /** After Redis was lost nobody is taken for dead for so long, ms. */
  readonly settleMs?: number;
  readonly leaseMs?: number;
  readonly renewMs?: number;
  readonly lookMs?: number;
  readonly onError: (error: unknown) => void;
}

/** Joins. Rejects with `store.unavailable` where Redis is away. */
export async function openRedisNodes(options: RedisNodesOptions): Promise<Nodes> {
  const nodes = new RedisNodes(options);
  await nodes.start();
  return nodes;
}

class RedisNodes implements Nodes {
  readonly #options: RedisNodesOptions;
  readonly #leaseMs: number;
  readonly #renewMs: number;
  readonly #script: RedisScript;
  readonly #suspects: Suspects | undefined;
  readonly #onChange = new Set<(change: NodesChange) => void>();
  readonly #onExpired = new Set<() => void>();
  readonly #ends: (() => void)[] = [];
  #self: NodeInfo;
  #round = 1;
  #entries = new Map<string, Entry>();
  #live = new Map<string, NodeInfo>();
  #renewedAt = 0;
  #ticking: Promise<void> | undefined;
  #again = false;
  #closed = false;

  constructor(options: RedisNodesOptions) {
    this.#options = options;
    this.#self = options.self;
    this.#leaseMs = options.leaseMs ?? 10_000;
    this.#renewMs = options.renewMs ?? 3000;
    this.#script = options.redis.script(tickScript);
    this.#live.set(options.self.id, options.self);
    const { redis, channel, settleMs } = options;
    if (channel === undefined) return;
    this.#suspects = new Suspects({
      ...{ redis, leasesKey, channel, leaseMs: this.#leaseMs },
      ...(settleMs !== undefined && { settleMs }),
      isLive: (id) => this.#entries.has(id),
      onEnded: (id) => this.#ended(id),
    });
  }

  async start(): Promise<void> {
    const { redis, bus, lookMs = 1000 } = this.#options;
    await this.#join();
    const timer = setInterval(() => this.#look(), lookMs);
    this.#ends.push(
      () => clearInterval(timer),
      redis.onUp(() => this.#look()),
    );
    if (bus === undefined) return;
    this.#ends.push(
      bus.subscribe((message) => {
        if (message.type === 'nodes') this.#look();
      }),
    );
  }

  get self(): NodeInfo {
    return this.#self;
  }

  live(): ReadonlyMap<string, NodeInfo> {
    return this.#live;
  }

  onChange(handler: (change: NodesChange) => void): () => void {
    this.#onChange.add(handler);
    return () => void this.#onChange.delete(handler);
  }

  onExpired(handler: () => void): () => void {
    this.#onExpired.add(handler);
    return () => void this.#onExpired.delete(handler);
  }

  suspect(id: string): void {
    const entry = this.#entries.get(id);
    if (this.#closed || entry?.channel === undefined) return;
    this.#suspects?.suspect({ id, channel: entry.channel, looks: looksOf(entry.info) });
  }

  #ended(id: string): void {
    const known = this.#entries.get(id);
    if (known !== undefined) this.#options.onGone?.(known.info);
    this.#tell();
    this.#look();
  }

  async announce(part: Pick<NodeInfo, 'mqtt'>): Promise<void> {
    this.#self = { ...this.#self, ...part };
    if (await this.#call('renew')) await this.#rejoin();
    else this.#tell();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#suspects?.close();
    for (const end of this.#ends) end();
    await this.#ticking;
    // Where Redis is away the lease runs out by itself.
    await this.#call('leave').catch(() => {});
    this.#tell();
  }

  async #join(): Promise<void> {
    await this.#call('join');
    this.#tell();
  }

  #tell(): void {
    this.#options.bus?.publish({ type: 'nodes' });
  }

  /** One look at a time; what is asked for meanwhile is one more look. */
  #look(): void {
    if (this.#closed) return;
    if (this.#ticking !== undefined) {
      this.#again = true;
      return;
    }
    this.#again = false;
    this.#ticking = this.#tick()
      // Redis is away: nothing is known anew, and leases stand still.
      .catch(() => {})
      .finally(() => {
        this.#ticking = undefined;
        if (this.#again) this.#look();
      });
  }

  async #tick(): Promise<void> {
    if (!this.#options.redis.isUp) return;
    const due = performance.now() - this.#renewedAt >= this.#renewMs;
    if (await this.#call(due ? 'renew' : 'look')) await this.#rejoin();
  }

  async #rejoin(): Promise<void> {
    if (this.#closed) return;
    for (const handler of this.#onExpired) this.#safely(handler);
    this.#round++;
    await this.#join();
  }

  /** Answers whether the lease was found to have run out. */
  async #call(mode: Mode): Promise<boolean> {
    const begun = performance.now();
    const { channel } = this.#options;
    const entry: Entry = { info: this.#self, round: this.#round, ...(channel !== undefined && { channel }) };
    const [expired, entries] = (await this.#script(
      [leasesKey, leaseClockKey, infosKey],
      [mode, this.#self.id, this.#leaseMs, JSON.stringify(entry)],
    )) as [number, (string | null)[]];
    if (mode === 'leave') return false;
    if (expired === 0 && mode !== 'look') this.#renewedAt = begun;
    this.#take(entries.flatMap((text) => (text === null ? [] : [JSON.parse(text) as Entry])));
    return expired === 1;
  }

  #take(found: readonly Entry[]): void {
    const before = this.#entries;
    const { id } = this.#self;
    const others = found.filter(({ info }) => info.id !== id);
    this.#entries = new Map(others.map((entry) => [entry.info.id, entry]));
    this.#live = new Map([[id, this.#self], ...others.map(({ info }) => [info.id, info] as const)]);
    const joined: NodeInfo[] = [];
    const left: NodeInfo[] = [];
    for (const { info, round } of before.values())
      if (this.#entries.get(info.id)?.round !== round) left.push(info);
    for (const { info, round } of others) {
      const known = before.get(info.id);
      if (known?.round !== round || known.info.mqtt !== info.mqtt) joined.push(info);
    }
    if (joined.length === 0 && left.length === 0) return;
    for (const handler of this.#onChange) this.#safely(() => handler({ joined, left }));
  }

  #safely(handler: () => void): void {
    try {
      handler();
    } catch (error) {
      // One listener's fault must not hide the change from the others.
      this.#options.onError(error);
    }
  }
}
