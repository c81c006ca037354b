import { ClientError } from '../errors.ts';
import type { Change, Key } from '../storage.ts';

/** The order of keys: below 0 where `a` comes first, 0 where both are the same key. */
export function compareKeys(a: Key, b: Key): number {
  if (typeof a === 'string') return typeof b === 'string' ? compareParts(a, b) : -1;
  if (typeof b === 'string') return 1;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = compareParts(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareParts(a: string | number, b: string | number): number {
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Throws where a key has no place in the order, before anything is changed. */
export function assertKeys(changes: readonly Change[]): void {
  for (const change of changes) {
    const keys = 'key' in change ? [change.key] : [change.from, change.to];
    if (!keys.every(isKey))
      throw new ClientError('client.storage', `This is no key: ${JSON.stringify(keys)}.`);
  }
}

const isKey = (key: Key): boolean =>
  typeof key === 'string' || key.every((part) => typeof part === 'string' || Number.isFinite(part));
