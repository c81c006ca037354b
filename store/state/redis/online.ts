import type { ConnectionInfo } from '../../../schemas/connection.ts';
import type { Platform } from '../../../schemas/identity.ts';
import { platforms } from '../../../schemas/identity.ts';
import { chunked } from '../../chunks.ts';
import type { Nodes } from '../../nodes.ts';
import { absenceGraceMs, type Online, type OnlineConnection, type Whereabouts } from '../../online.ts';
import { tellEach } from '../../tell.ts';
import type { RedisConnection, RedisReply, RedisScript } from './client.ts';
import { key } from './keys.ts';
import { leaseClockKey, leasesKey } from './nodes.ts';
import { listScript, sweepScript, whereaboutsScript, writeScript } from './online-scripts.ts';

const keys = [
  key('online', 'infos'),
  key('online', 'order'),
  key('online', 'nodes'),
  leasesKey,
  leaseClockKey,
];
const firstKey = key('online', 'first');
const ofNode = key('online', 'node', '');
const ofUser = key('online', 'user', '');

/** What one script does: Redis serves nobody else meanwhile. */
const maxWrites = 250;
const maxSwept = 250;
const maxListed = 500;
const maxAsked = 500;
const retryMs = 500;
const checkDefaultMs = 10_000;

export interface RedisOnlineOptions {
  readonly redis: RedisConnection;
  readonly nodes: Pick<Nodes, 'self' | 'onChange' | 'onExpired'>;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
  readonly graceMs?: number;
  /** How often it is looked whether Redis still has what this node put, ms. */
  readonly checkMs?: number;
}

type Write = readonly [kind: '+' | '=' | '-', name: string, value: string];

export class RedisOnline implements Online {
  readonly #options: RedisOnlineOptions;
  readonly #node: string;
  readonly #write: RedisScript;
  readonly #whereabouts: RedisScript;
  readonly #list: RedisScript;
  readonly #sweep: RedisScript;
  /** The connections of this node, as they are written. */
  readonly #own = new Map<string, string>();
  #pending = new Map<string, Write>();
  #writing: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #wake: (() => void) | undefined;
  readonly #onWritten = new Set<(uids: readonly string[]) => void>();
  readonly #ends: (() => void)[] = [];
  #sweeping: Promise<void> | undefined;
  #closed = false;

  constructor(options: RedisOnlineOptions) {
    this.#options = options;
    const { redis, nodes, checkMs = checkDefaultMs } = options;
    this.#node = nodes.self.id;
    this.#write = redis.script(writeScript);
    this.#whereabouts = redis.script(whereaboutsScript);
    this.#list = redis.script(listScript);
    this.#sweep = redis.script(sweepScript);
    const timer = setInterval(() => void this.#check(), checkMs).unref();
    this.#ends.push(
      () => clearInterval(timer),
      redis.onUp(() => {
        this.#wake?.();
        void this.#check();
      }),
      nodes.onChange(({ left }) => {
        // Where it cannot be done now, the next look does it.
        if (left.length > 0 && !this.#closed) void this.sweep().catch(() => undefined);
      }),
      nodes.onExpired(() => this.#putAll()),
    );
  }

  put(connection: ConnectionInfo): void {
    const { uid, clientId, ...rest } = connection;
    const name = `${uid}/${clientId}`;
    const value = `${this.#node} ${connection.platform ?? '-'} ${JSON.stringify(rest)}`;
    this.#own.set(name, value);
    this.#add(['+', name, value]);
  }

  remove({ uid, clientId }: Pick<ConnectionInfo, 'uid' | 'clientId'>): void {
    const name = `${uid}/${clientId}`;
    if (this.#own.delete(name)) this.#add(['-', name, '']);
  }

  onWritten(handler: (uids: readonly string[]) => void): () => void {
    this.#onWritten.add(handler);
    return () => void this.#onWritten.delete(handler);
  }

  async written(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  #add(write: Write): void {
    // The last word stands last: what it takes the place of is not written.
    this.#pending.delete(write[1]);
    this.#pending.set(write[1], write);
    this.#writing ??= new Promise<void>((resolve) => setImmediate(resolve))
      .then(() => this.#writeAll())
      .finally(() => {
        this.#writing = undefined;
      });
  }

  /** What comes in while a write is under way is in the next one. */
  async #writeAll(): Promise<void> {
    while (this.#pending.size > 0) {
      const batch = [...take(this.#pending.values(), maxWrites)];
      for (const [, name] of batch) this.#pending.delete(name);
      if (await this.#writeBatch(batch)) continue;
      // Nobody waits for a Redis that is away: the lease of this node runs out.
      if (this.#closed) return;
      this.#giveBack(batch);
      await this.#pause();
    }
  }

  #giveBack(batch: readonly Write[]): void {
    const newer = this.#pending;
    this.#pending = new Map(batch.map((write) => [write[1], write]));
    for (const write of newer.values()) {
      this.#pending.delete(write[1]);
      this.#pending.set(write[1], write);
    }
  }

  async #writeBatch(batch: readonly Write[]): Promise<boolean> {
    const { now, graceMs = absenceGraceMs, onError } = this.#options;
    try {
      const args = [ofNode, ofUser, this.#node, now(), graceMs, ...batch.flat()];
      if ((await this.#write(keys, args)) === 0) return false;
    } catch {
      // Redis is away: it is tried until it is back.
      return false;
    }
    const uids = [...new Set(batch.map(([, name]) => name.slice(0, name.indexOf('/'))))];
    tellEach(this.#onWritten, onError, uids);
    return true;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        clearTimeout(this.#retry);
        this.#wake = undefined;
        resolve();
      };
      this.#retry = setTimeout(this.#wake, retryMs).unref();
    });
  }

  /** Redis may have lost what it was told, or others may have taken this node for one that left. */
  async #check(): Promise<void> {
    if (this.#closed || this.#writing !== undefined || !this.#options.redis.isUp) return;
    try {
      const count = Number(await this.#options.redis.command('scard', ofNode + this.#node));
      if (this.#writing === undefined && count !== this.#own.size) await this.#reconcile();
      await this.sweep();
    } catch {
      // The next look is soon.
    }
  }

  #putAll(): void {
    for (const [name, value] of this.#own) if (!this.#pending.has(name)) this.#add(['=', name, value]);
  }

  async #reconcile(): Promise<void> {
    this.#putAll();
    for (let cursor = '0', first = true; first || cursor !== '0'; first = false) {
      const reply = await this.#options.redis.command(
        'sscan',
        ofNode + this.#node,
        cursor,
        'count',
        maxListed,
      );
      const [next, names] = reply as [string, string[]];
      cursor = next;
      for (const name of names)
        if (!this.#own.has(name) && !this.#pending.has(name)) this.#add(['-', name, '']);
    }
  }

  async of(uid: string): Promise<OnlineConnection[]> {
    return this.list({ uid, after: '', limit: Number.POSITIVE_INFINITY });
  }

  async list({
    uid,
    after,
    limit,
  }: {
    readonly uid?: string;
    readonly after: string;
    readonly limit: number;
  }): Promise<OnlineConnection[]> {
    const found: OnlineConnection[] = [];
    const [first, end] = uid === undefined ? ['', '+'] : [`${uid}/`, `(${uid}0`];
    let begin = compare(after, first) < 0 ? `[${first}` : `(${after}`;
    while (found.length < limit) {
      const count = Math.min(limit - found.length, maxListed);
      const [last, ...pairs] = (await this.#list(keys, [ofNode, ofUser, begin, end, count])) as string[];
      for (let i = 0; i < pairs.length; i += 2) found.push(toConnection(pairs[i]!, pairs[i + 1]!));
      if (last === '') break;
      begin = `(${last}`;
    }
    return found;
  }

  async whereabouts(uids: readonly string[]): Promise<Map<string, Whereabouts>> {
    const asked = [...chunked(uids, maxAsked)].map(
      (some) => this.#whereabouts(keys, [ofNode, ofUser, ...some]) as Promise<RedisReply[]>,
    );
    const found = new Map<string, Whereabouts>();
    for (const answers of await Promise.all(asked)) {
      for (const answer of answers) {
        const [uid, came, left, joined] = answer as [string, string, string, string];
        found.set(uid, toWhereabouts(Number(came), Number(left), joined));
      }
    }
    return found;
  }

  async firstAt(): Promise<number> {
    const [, first] = await this.#options.redis.pipeline([
      ['set', firstKey, this.#options.now(), 'nx'],
      ['get', firstKey],
    ]);
    return Number(first);
  }

  /** One at a time; who asks while it runs waits for one that begins after. */
  async sweep(): Promise<void> {
    const before = this.#sweeping;
    const running = (async () => {
      await before?.catch(() => undefined);
      while ((await this.#sweep(keys, [ofNode, ofUser, maxSwept])) === 1);
    })();
    this.#sweeping = running;
    await running;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const end of this.#ends) end();
    this.#wake?.();
    await this.#writing;
  }
}

function* take<T>(all: Iterable<T>, count: number): Generator<T> {
  let left = count;
  for (const one of all) {
    if (left-- === 0) return;
    yield one;
  }
}

const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

function toConnection(name: string, value: string): OnlineConnection {
  const slash = name.indexOf('/');
  const [first, second] = [value.indexOf(' '), value.indexOf(' ', value.indexOf(' ') + 1)];
  const rest = JSON.parse(value.slice(second + 1)) as Omit<ConnectionInfo, 'uid' | 'clientId'>;
  return {
    uid: name.slice(0, slash),
    clientId: name.slice(slash + 1),
    ...rest,
    node: value.slice(0, first),
  };
}

function toWhereabouts(came: number, left: number, joined: string): Whereabouts {
  const found = new Set(joined.split(','));
  return {
    online: left === 0,
    since: left === 0 ? came : left,
    cameAt: came,
    platforms: platforms.filter((platform: Platform) => found.has(platform)),
  };
}
