import { setTimeout } from 'node:timers/promises';
import type { Bus } from '../../bus.ts';
import type { Nodes } from '../../nodes.ts';
import type { Orphan, Owners } from '../../owners.ts';
import { tellEach } from '../../tell.ts';
import type { RedisConnection, RedisScript } from './client.ts';
import { key as keyOf } from './keys.ts';
import { Orphans } from './orphans.ts';
import { ownerScripts } from './owner-scripts.ts';
import { loadedScripts } from './scripts.ts';
import { prefixes } from './session-keys.ts';

/** The count of all numbers that were given. */
const numbersKey = keyOf('owners', 'number');

/** How long an owner that lives may take to let go. */
const patienceDefaultMs = 2000;
const firstWaitMs = 5;
const maxWaitMs = 100;
/** Sessions that are checked at once. */
const checkedAtOnce = 500;
const checkAgainMs = 1000;

export interface RedisOwnersOptions {
  readonly redis: RedisConnection;
  readonly bus: Pick<Bus, 'publish' | 'subscribe' | 'onLoss'>;
  readonly nodes: Pick<Nodes, 'self' | 'onExpired' | 'onChange'>;
  readonly patienceMs?: number;
  /** How often it is looked for nodes that left, ms. */
  readonly buryMs?: number;
  readonly now?: () => number;
  readonly onError: (error: unknown) => void;
}

type Scripts = Readonly<Record<keyof typeof ownerScripts, RedisScript>>;

/** Who has which session, in Redis. Rejects with `store.unavailable`. */
export async function openRedisOwners(options: RedisOwnersOptions): Promise<RedisOwners> {
  return new RedisOwners(options, await loadedScripts(options.redis, ownerScripts));
}

export class RedisOwners implements Owners {
  readonly #options: RedisOwnersOptions;
  readonly #node: string;
  readonly #now: () => number;
  readonly #scripts: Scripts;
  readonly #orphans: Orphans;
  readonly #held = new Map<string, number>();
  readonly #onLost = new Set<(key: string, taken: boolean) => void>();
  readonly #ends: (() => void)[];
  #checking = false;
  #checkAgain = false;
  #closed = false;

  constructor(options: RedisOwnersOptions, scripts: Scripts) {
    const { bus, nodes, onError, now = Date.now, buryMs } = options;
    this.#options = options;
    this.#node = nodes.self.id;
    this.#now = now;
    this.#scripts = scripts;
    this.#orphans = new Orphans({
      redis: options.redis,
      node: this.#node,
      bury: scripts.bury,
      ...(buryMs !== undefined && { everyMs: buryMs }),
      now,
      onError,
    });
    this.#ends = [
      bus.subscribe((message) => {
        if (message.type !== 'takeover') return;
        const key = `${message.uid}/${message.clientId}`;
        const number = this.#held.get(key);
        if (number !== undefined && number < message.number) this.#lost(key, true);
      }),
      bus.onLoss(() => this.#check()),
      // It looks once the node has its lease again.
      nodes.onExpired(() => this.#check()),
      nodes.onChange(({ left }) => {
        if (left.length > 0) this.#orphans.look();
      }),
    ];
  }

  async take(key: string): Promise<number | undefined> {
    const { patienceMs = patienceDefaultMs } = this.#options;
    const begun = performance.now();
    let number = 0;
    try {
      for (let waitMs = firstWaitMs; ; waitMs = Math.min(2 * waitMs, maxWaitMs)) {
        const isOver = performance.now() - begun >= patienceMs;
        const answer = await this.#scripts.take(
          [prefixes.owner + key, numbersKey],
          [key, this.#node, number || '', isOver ? 1 : 0, this.#now()],
        );
        const [given, outcome, left] = answer as [number, 'held' | 'late' | 'wait', number];
        if (outcome === 'late') return undefined;
        // Its owner hears of it now, and if it heard nothing once more when it was passed over.
        if (number === 0 ? outcome === 'wait' : left === 1) this.#tell(key, given);
        number = given;
        if (left === 1) this.#orphans.look();
        if (outcome === 'held') {
          this.#held.set(key, number);
          return number;
        }
        await setTimeout(waitMs, undefined, { ref: false });
      }
    } catch (error) {
      // Whether it was taken is not known: `release` lets go of whatever was.
      this.#held.set(key, 0);
      throw error;
    }
  }

  #tell(key: string, number: number): void {
    const slash = key.indexOf('/');
    const [uid, clientId] = [key.slice(0, slash), key.slice(slash + 1)];
    this.#options.bus.publish({ type: 'takeover', uid, clientId, number });
  }

  async release(key: string): Promise<void> {
    const number = this.#held.get(key);
    if (number === undefined) return;
    await this.#scripts.release([prefixes.owner + key], [key, this.#node, number, this.#now()]);
    if (this.#held.get(key) === number) this.#held.delete(key);
  }

  numberOf(key: string): number | undefined {
    return this.#held.get(key);
  }

  async holds(key: string): Promise<boolean> {
    const number = this.#held.get(key);
    if (number === undefined) return false;
    const found = await this.#options.redis.command('hget', prefixes.owner + key, 'number');
    return found === String(number);
  }

  /** A write by this number was refused. */
  refused(key: string, number: number): void {
    if (this.#held.get(key) === number) this.#lost(key, true);
  }

  onLost(handler: (key: string, taken: boolean) => void): () => void {
    this.#onLost.add(handler);
    return () => void this.#onLost.delete(handler);
  }

  #lost(key: string, taken: boolean): void {
    tellEach(this.#onLost, this.#options.onError, key, taken);
  }

  onOrphan(handler: (orphan: Orphan) => Promise<void>): () => void {
    return this.#orphans.on(handler);
  }

  start(): void {
    this.#orphans.start();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const end of this.#ends) end();
    await this.#orphans.close();
  }

  /** Looks at all that it has; one at a time, and again until it could. */
  #check(): void {
    if (this.#closed) return;
    if (this.#checking) {
      this.#checkAgain = true;
      return;
    }
    this.#checking = true;
    this.#checkAgain = false;
    void this.#checkAll()
      .catch(() => false)
      .then(async (isDone) => {
        if (!isDone) await setTimeout(checkAgainMs, undefined, { ref: false });
        this.#checking = false;
        if (!isDone || this.#checkAgain) this.#check();
      });
  }

  /** False where this node has no lease now: others take what it has at any moment. */
  async #checkAll(): Promise<boolean> {
    const held = [...this.#held];
    for (let at = 0; at < held.length; at += checkedAtOnce) {
      const some = held.slice(at, at + checkedAtOnce);
      const answer = await this.#scripts.check(
        some.map(([key]) => prefixes.owner + key),
        [this.#node, ...some.map(([, number]) => number)],
      );
      if (answer === null) return false;
      for (const [i, [key, number]] of some.entries()) {
        const outcome = (answer as number[])[i]!;
        if (outcome !== 0 && this.#held.get(key) === number) this.#lost(key, outcome === 1);
      }
    }
    return true;
  }
}
