/** So near to a token is one: fractions add up with rounding, and who waited as long as told must come through. */
const almostOne = 1 - 1e-6;

/** A token bucket: `perSecond` on average, `burst` at once. */
export class Bucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  constructor(perSecond: number, burst: number, now: number) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = now;
  }

  /** Takes one token: 0, or how many ms to wait for the next. */
  take(now: number): number {
    this.#refill(now);
    if (this.#tokens >= almostOne) {
      this.#tokens = Math.max(0, this.#tokens - 1);
      return 0;
    }
    return Math.max(1, Math.ceil((1 - this.#tokens) / this.#perMs));
  }

  /** Whether it is as full as a new one, so that it can be forgotten. */
  full(now: number): boolean {
    this.#refill(now);
    return this.#tokens >= this.#burst;
  }

  /** Others take from it too: what was left at a time. */
  correct(tokens: number, at: number): void {
    this.#tokens = Math.min(this.#burst, tokens);
    this.#at = at;
  }

  #refill(now: number): void {
    if (now <= this.#at) return;
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs);
    this.#at = now;
  }
}

/** Buckets by user or address. A rate of 0 means no limit. */
export class Buckets {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();
  #sweepAt = 0;

  constructor(perSecond: number, burst: number, now: () => number) {
    this.#perSecond = perSecond;
    this.#burst = Math.max(1, burst);
    this.#now = now;
  }

  /** `count` in a period, all of them at once if need be. */
  static every(count: number, periodMs: number, now: () => number): Buckets {
    return new Buckets((count * 1000) / periodMs, count, now);
  }

  /** The bucket of a key, for those who take from it often; undefined where there is no limit. */
  of(key: string): Bucket | undefined {
    if (this.#perSecond === 0) return undefined;
    const known = this.#buckets.get(key);
    if (known !== undefined) return known;
    this.#sweep();
    const bucket = new Bucket(this.#perSecond, this.#burst, this.#now());
    this.#buckets.set(key, bucket);
    return bucket;
  }

  /** The bucket of a key that was taken from lately. */
  known(key: string): Bucket | undefined {
    return this.#buckets.get(key);
  }

  /** Takes one token: 0, or how many ms to wait. */
  take(key: string): number {
    return this.of(key)?.take(this.#now()) ?? 0;
  }

  /** Full buckets say no more than none: they are forgotten now and then. */
  #sweep(): void {
    const now = this.#now();
    if (this.#buckets.size < 10_000 || now < this.#sweepAt) return;
    this.#sweepAt = now + 10_000;
    for (const [key, bucket] of this.#buckets) if (bucket.full(now)) this.#buckets.delete(key);
  }
}

/** Makes the buckets of this name; where nodes share them, the name is what they share them by. */
export type MakeBuckets = (name: string, perSecond: number, burst: number) => Buckets;

/** Buckets that are this process's own. */
export const localBuckets =
  (now: () => number): MakeBuckets =>
  (_name, perSecond, burst) =>
    new Buckets(perSecond, burst, now);
