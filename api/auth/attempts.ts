import { LRUCache } from 'lru-cache';
import { PetrelError } from '../../schemas/errors.ts';
import type { Rates } from '../../store/rates.ts';

export const attemptWindowMs = 15 * 60_000;

/** Counts failed attempts by key in windows of 15 minutes. */
export interface Attempts {
  /** Counts one; throws `auth.too-many-attempts` where there were enough. */
  take(key: string): void | Promise<void>;
  /** The attempt was no failure after all: forgets the key's. */
  clear(key: string): void;
}

const refusal = (retryAfterMs: number): PetrelError =>
  new PetrelError('auth.too-many-attempts', undefined, { retryAfterMs });

/** Attempts of this process; `max` 0 counts nothing. */
export function createAttempts(max: number, clock: () => number): Attempts {
  const windows = new Windows(max, clock);
  return {
    take(key) {
      const waitMs = max === 0 ? 0 : windows.take(key);
      if (waitMs > 0) throw refusal(waitMs);
    },
    clear: (key) => windows.clear(key),
  };
}

/** A store that does not answer keeps nobody waiting for longer. */
const patienceMs = 1000;

/** Attempts of all nodes, exactly; those of this process while the store is away. */
export function createSharedAttempts(
  max: number,
  clock: () => number,
  rates: Pick<Rates, 'attempt' | 'forget'>,
): Attempts {
  const windows = new Windows(max, clock);
  const nameOf = (key: string): string => `login:${key}`;
  return {
    async take(key) {
      if (max === 0) return;
      const ownMs = windows.take(key);
      const waitMs = await answerOf(rates.attempt(nameOf(key), max, attemptWindowMs), ownMs);
      if (waitMs > 0) throw refusal(waitMs);
    },
    clear(key) {
      windows.clear(key);
      // What could not be forgotten is forgotten with its window.
      rates.forget(nameOf(key)).catch(() => undefined);
    },
  };
}

function answerOf(asked: Promise<number>, instead: number): Promise<number> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(instead), patienceMs);
    asked
      .catch(() => instead)
      .then((answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
  });
}

class Windows {
  readonly #max: number;
  readonly #clock: () => number;
  readonly #windows = new LRUCache<string, { count: number; readonly endsAt: number }>({ max: 100_000 });

  constructor(max: number, clock: () => number) {
    this.#max = max;
    this.#clock = clock;
  }

  /** Counts one: 0, or in how many ms the window ends. */
  take(key: string): number {
    const now = this.#clock();
    let window = this.#windows.get(key);
    if (window === undefined || window.endsAt <= now) {
      window = { count: 0, endsAt: now + attemptWindowMs };
      this.#windows.set(key, window);
    }
    if (window.count >= this.#max) return window.endsAt - now;
    window.count += 1;
    return 0;
  }

  clear(key: string): void {
    this.#windows.delete(key);
  }
}
