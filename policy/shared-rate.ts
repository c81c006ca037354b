import type { Rates, RateUse } from '../store/rates.ts';
import { Buckets, type MakeBuckets } from './rate.ts';

export interface SharedRatesOptions {
  readonly rates: Pick<Rates, 'settle'>;
  readonly now: () => number;
  /** How long what was taken here may be unknown to the others, ms. */
  readonly everyMs?: number;
}

interface Use {
  /** Of the first, ms. */
  since: number;
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
  readonly #buckets: SharedBuckets[] = [];
  #timer: NodeJS.Timeout | undefined;
  #settling: Promise<void> | undefined;
  #closed = false;

  constructor(options: SharedRatesOptions) {
    this.#options = options;
  }

  readonly make: MakeBuckets = (name, perSecond, burst) => {
    const begun = (): void => this.#later(this.#options.everyMs ?? everyDefaultMs);
    const made = new SharedBuckets({ name, perSecond, burst: Math.max(1, burst) }, begun, this.#options.now);
    this.#buckets.push(made);
    return made;
  };

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
      if (this.#buckets.some(({ uses }) => uses.size > 0))
        this.#later(done ? (this.#options.everyMs ?? everyDefaultMs) : retryMs);
    });
    return this.#settling;
  }

  /** Whether it could be done. */
  async #settle(): Promise<boolean> {
    const { rates, now } = this.#options;
    const at = now();
    const asked = this.#buckets.flatMap((buckets) => {
      const uses = buckets.takeUses();
      return [...uses].map(([key, use]) => ({ buckets, key, use }));
    });
    if (asked.length === 0) return true;
    try {
      const left = await rates.settle(asked.map(({ buckets, key, use }) => buckets.toRateUse(key, use, at)));
      // As of the moment it was asked: the store has counted on since then, which is never too little.
      for (const [i, { buckets, key }] of asked.entries()) buckets.correct(key, left[i]!, at);
      return true;
    } catch {
      // It may have been taken all the same: then the debt is larger by as much, and paid in as long.
      for (const { buckets, key, use } of asked) buckets.giveBack(key, use, now());
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

class SharedBuckets extends Buckets {
  /** What was taken since it was said last, by key. */
  uses = new Map<string, Use>();
  readonly #name: string;
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #begun: () => void;
  readonly #now: () => number;

  constructor(
    { name, perSecond, burst }: { readonly name: string; readonly perSecond: number; readonly burst: number },
    begun: () => void,
    now: () => number,
  ) {
    super(perSecond, burst, now);
    this.#name = name;
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#begun = begun;
    this.#now = now;
  }

  override take(key: string): number {
    const waitMs = super.take(key);
    if (waitMs > 0 || this.#perSecond === 0) return waitMs;
    const use = this.uses.get(key);
    if (use !== undefined) use.taken++;
    else {
      this.uses.set(key, { since: this.#now(), taken: 1 });
      if (this.uses.size === 1) this.#begun();
    }
    return 0;
  }

  takeUses(): ReadonlyMap<string, Use> {
    const { uses } = this;
    if (uses.size > 0) this.uses = new Map();
    return uses;
  }

  toRateUse(key: string, { since, taken }: Use, at: number): RateUse {
    return {
      key: `${this.#name}:${key}`,
      perSecond: this.#perSecond,
      burst: this.#burst,
      taken,
      agoMs: Math.max(0, at - since),
    };
  }

  correct(key: string, left: number, at: number): void {
    this.known(key)?.correct(left - (this.uses.get(key)?.taken ?? 0), at);
  }

  giveBack(key: string, { since, taken }: Use, now: number): void {
    // A bucket that is full again owes nothing: so no more is kept than there are others.
    if (this.known(key)?.full(now) ?? true) return;
    const more = taken + (this.uses.get(key)?.taken ?? 0);
    this.uses.set(key, { since, taken: Math.min(more, this.#burst) });
  }
}
