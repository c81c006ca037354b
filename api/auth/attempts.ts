import { LRUCache } from 'lru-cache';
import { PetrelError } from '../../schemas/errors.ts';

export const attemptWindowMs = 15 * 60_000;

/** Counts failed attempts by key in windows of 15 minutes. */
export interface Attempts {
  /** Counts one; throws `auth.too-many-attempts` where there were enough. */
  take(key: string): void;
  /** The attempt was no failure after all: forgets the key's. */
  clear(key: string): void;
}

/** Attempts of this process; `max` 0 counts nothing. */
export function createAttempts(max: number, clock: () => number): Attempts {
  const windows = new LRUCache<string, { count: number; readonly endsAt: number }>({ max: 100_000 });
  return {
    take(key) {
      if (max === 0) return;
      const now = clock();
      let window = windows.get(key);
      if (window === undefined || window.endsAt <= now) {
        window = { count: 0, endsAt: now + attemptWindowMs };
        windows.set(key, window);
      }
      if (window.count >= max)
        throw new PetrelError('auth.too-many-attempts', undefined, { retryAfterMs: window.endsAt - now });
      window.count += 1;
    },
    clear(key) {
      windows.delete(key);
    },
  };
}
