import type { Rates, RateUse } from '../store/rates.ts';
import { Buckets, type MakeBuckets } from './rate.ts';

export interface SharedRatesOptions {
  readonly rates: Pick<Rates, 'settle'>;
  readonly now: () => number;
  /** How long what was taken here may be unknown to the others, ms. */
  readonly everyMs?: number;
}

interface Use {
  readonly buckets: SharedBuckets;
  readonly key: string;
  /** Of the first, ms. */
  readonly since: number;
  taken: number;
}

const everyDefaultMs = 200;
/** Where nothing can be settled, it is tried again after this. */
const retryMs = 1000;

/**
 * Rates that nodes share. Each node decides at once, by a bucket of its own, and says soon after what it took; what the
 * shared bucket has left takes the place of its own count. So over N nodes one gets, in any time, no more than
 *
 *     perSecond × (time + (N + 1) × D) + N × burst,   D: `everyMs` and the way to the store and back
 *
 * and what was too much is a debt: on average it is `perSecond`, exactly. On one node alone it is as without the others;
 * who keeps trying gets no less than one alone would allow. While the store is away each node counts for itself.
 */
export class SharedRates {
  readonly #options: SharedRatesOptions;
  #uses = new Map<string, Use>();
  #timer: NodeJS.Timeout | undefined;
  #settling: Promise<void> | undefined;
  #closed = false;

  constructor(options: SharedRatesOptions) {
    this.#options = options;
  }

  readonly make: MakeBuckets = (name, perSecond, burst) =>
    new SharedBuckets(
      { name, perSecond, burst: Math.max(1, burst) },
      (buckets, key) => this.#use(buckets, key),
      this.#options.now,
    );

  #use(buckets: SharedBuckets, key: string): void {
    const name = `${buckets.name}:${key}`;
    const use = this.#uses.get(name);
    if (use !== undefined) {
      use.taken++;
      return;
    }
    this.#uses.set(name, { buckets, key, since: this.#options.now(), taken: 1 });
    this.#later(this.#options.everyMs ?? everyDefaultMs);
  }

  #later(ms: number): void {
    if (this.#closed || this.#settling !== undefined) return;
    this.#timer ??= setTimeout(() => void this.settle(), ms).unref();
  }

  /** Says what was taken; one call at a time. */
  settle(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#settling ??= this.#settle().then((done) => {
      this.#settling = undefined;
      if (this.#uses.size > 0) this.#later(done ? (this.#options.everyMs ?? everyDefaultMs) : retryMs);
    });
    return this.#settling;
  }

  /** Whether it could be done. */
  async #settle(): Promise<boolean> {
    const { rates, now } = this.#options;
    const uses = this.#uses;
    if (uses.size === 0) return true;
    this.#uses = new Map();
    const at = now();
    try {
      const left = await rates.settle([...uses].map((use) => toRateUse(use, at)));
      for (const [i, [name, { buckets, key }]] of [...uses].entries()) {
        const taken = this.#uses.get(name)?.taken ?? 0;
        // As of the moment it was asked: the store has counted on since then, which is never too little.
        buckets.known(key)?.correct(left[i]! - taken, at);
      }
      return true;
    } catch {
      // It may have been taken all the same: then the debt is larger by as much, and paid in as long.
      for (const [name, use] of uses) {
        const newer = this.#uses.get(name);
        // A bucket that is full again owes nothing: so no more is kept than there are others.
        if (use.buckets.known(use.key)?.full(now()) ?? true) continue;
        const taken = Math.min(use.taken + (newer?.taken ?? 0), use.buckets.burst);
        this.#uses.set(name, { ...use, taken });
      }
      return false;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#settling;
    await this.settle();
  }
}

const toRateUse = ([name, { buckets, since, taken }]: [string, Use], at: number): RateUse => ({
  key: name,
  perSecond: buckets.perSecond,
  burst: buckets.burst,
  taken,
  agoMs: Math.max(0, at - since),
});

class SharedBuckets extends Buckets {
  readonly name: string;
  readonly perSecond: number;
  readonly burst: number;
  readonly #used: (buckets: SharedBuckets, key: string) => void;

  constructor(
    { name, perSecond, burst }: Pick<SharedBuckets, 'name' | 'perSecond' | 'burst'>,
    used: (buckets: SharedBuckets, key: string) => void,
    now: () => number,
  ) {
    super(perSecond, burst, now);
    this.name = name;
    this.perSecond = perSecond;
    this.burst = burst;
    this.#used = used;
  }

  override take(key: string): number {
    const waitMs = super.take(key);
    if (waitMs === 0 && this.perSecond > 0) this.#used(this, key);
    return waitMs;
  }
}
