/** What one node took of a bucket that all share, since it said so last. */
export interface RateUse {
  readonly key: string;
  readonly perSecond: number;
  readonly burst: number;
  readonly taken: number;
  /** How long ago the first of these was, ms: from then on the bucket was not full. */
  readonly agoMs: number;
}

/**
 * How often something was done, on whatever nodes.
 *
 * Guarantees: a bucket has `burst` tokens at first and gets `perSecond`, up to `burst`, by one clock for all. `settle` takes
 * what was taken from each in any case, also where nothing is left: that is a debt, which is paid before there is a token
 * again. `attempt` is exact: of those that are counted under a key within `windowMs` of the first no more than `max` are
 * answered 0, whatever nodes they are on. Both reject with `store.unavailable`; whether it was counted is not known then.
 */
export interface Rates {
  /** Answers how many tokens each bucket has left, below 0 for a debt. */
  settle(uses: readonly RateUse[]): Promise<number[]>;
  /** Counts one: 0, or in how many ms the window ends. */
  attempt(key: string, max: number, windowMs: number): Promise<number>;
  /** Nothing is counted under the key any more. */
  forget(key: string): Promise<void>;
}
