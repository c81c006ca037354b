import { setTimeout as wait } from 'node:timers/promises';
import type { RedisConnection, RedisScript } from './client.ts';

/**
 * Whether somebody listens on a node's channel: 1 where nobody does, 0 where somebody does, -1 where nobody listens on the
 * asking node's own channel either, so that nothing can be told. With `end` the lease of a node that nobody listens for ends
 * in the same step.
 */
const lookScript = `
local heard = redis.call('PUBSUB', 'NUMSUB', ARGV[1], ARGV[2])
if heard[2] == 0 then return -1 end
if heard[4] > 0 then return 0 end
if ARGV[4] == 'end' then redis.call('ZADD', KEYS[1], 'XX', 0, ARGV[3]) end
return 1`;

/** A node whose process may have ended. */
export interface Suspect {
  readonly id: string;
  /** Where it hears its own heartbeats while it lives. */
  readonly channel: string;
  /** So many looks in a row have to find nobody there. */
  readonly looks: number;
}

export interface SuspectsOptions {
  readonly redis: RedisConnection;
  readonly leasesKey: string;
  /** The channel of this node. */
  readonly channel: string;
  /** Whether its lease holds as far as is known. */
  readonly isLive: (id: string) => boolean;
  /** Its lease was ended. */
  readonly onEnded: (id: string) => void;
  /** Between two looks, ms. */
  readonly lookMs?: number;
  /** After Redis was lost nobody is taken for dead for so long: others may still be on their way back to it. */
  readonly settleMs?: number;
  /** A suspicion lasts so long at most: by then the lease has run out by itself. */
  readonly leaseMs: number;
}

const lookDefaultMs = 300;
const settleDefaultMs = 5000;
/** A node that so many looks found alive lives: the kernel of a dead one closes all its connections at once. */
const looksAlive = 4;

/**
 * Looks whether nodes that somebody lost without a word have ended: the kernel of a process that dies closes its connection
 * to Redis, too, and nobody listens on its channel any more. One that is frozen keeps it.
 */
export class Suspects {
  readonly #options: SuspectsOptions;
  readonly #script: RedisScript;
  readonly #looking = new Set<string>();
  readonly #ending = new AbortController();
  readonly #forget: () => void;
  #upSince = performance.now();

  constructor(options: SuspectsOptions) {
    this.#options = options;
    this.#script = options.redis.script(lookScript);
    this.#forget = options.redis.onUp(() => {
      this.#upSince = performance.now();
    });
  }

  suspect(suspect: Suspect): void {
    const { id } = suspect;
    if (this.#looking.has(id) || this.#ending.signal.aborted) return;
    this.#looking.add(id);
    this.#watch(suspect)
      // It is closed.
      .catch(() => {})
      .finally(() => this.#looking.delete(id));
  }

  close(): void {
    this.#ending.abort();
    this.#forget();
  }

  async #watch(suspect: Suspect): Promise<void> {
    const { isLive, onEnded, leaseMs, lookMs = lookDefaultMs } = this.#options;
    const { signal } = this.#ending;
    const until = performance.now() + leaseMs;
    let gone = 0;
    let alive = 0;
    while (isLive(suspect.id) && performance.now() < until) {
      const isLast = gone === suspect.looks - 1;
      const found = await this.#look(suspect, isLast);
      gone = found === 'gone' ? gone + 1 : 0;
      if (found === 'alive') alive++;
      if (gone === suspect.looks) return onEnded(suspect.id);
      if (alive === looksAlive) return;
      await wait(lookMs, undefined, { signal, ref: false });
    }
  }

  async #look({ id, channel }: Suspect, ends: boolean): Promise<'gone' | 'alive' | 'unknown'> {
    const { redis, leasesKey, channel: own, settleMs = settleDefaultMs } = this.#options;
    if (!redis.isUp || performance.now() - this.#upSince < settleMs) return 'unknown';
    try {
      const answer = await this.#script([leasesKey], [own, channel, id, ends ? 'end' : 'look']);
      return answer === 1 ? 'gone' : answer === 0 ? 'alive' : 'unknown';
    } catch {
      // Redis is away, or does not answer such questions: leases run out by themselves.
      return 'unknown';
    }
  }
}
