import type { Owners } from '../../owners.ts';

/** The sessions of a server that is one process: all its own. */
export function createMemoryOwners(): Owners {
  const numbers = new Map<string, number>();
  let last = 0;
  return {
    take(key) {
      last++;
      numbers.set(key, last);
      return last;
    },
    release: (key) => void numbers.delete(key),
    numberOf: (key) => numbers.get(key),
    holds: (key) => numbers.has(key),
    onLost: () => () => {},
    onOrphan: () => () => {},
    start: () => {},
    close: () => Promise.resolve(),
  };
}
