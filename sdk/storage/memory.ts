import type { Change, Key, Range, Storage, Table } from '../storage.ts';
import { storageClosed } from './failure.ts';
import { assertKeys } from './keys.ts';
import { Tables } from './tables.ts';

/**
 * Keeps everything in memory: gone with the process. For tests, for bots that need no outbox that lasts, and where a
 * browser gives no storage.
 *
 * @example
 * const client = await createClient({ url: 'https://chat.example', storage: memoryStorage() });
 */
export function memoryStorage(): Storage {
  return new MemoryStorage();
}

class MemoryStorage implements Storage {
  readonly keepsKeys = true;
  readonly isShared = Promise.resolve(false);
  readonly #tables = new Tables();
  #isClosed = false;

  async get<T>(table: Table, key: Key): Promise<T | undefined> {
    this.#assertOpen();
    return this.#tables.get(table, key) as T | undefined;
  }

  async range<T>(table: Table, range?: Range): Promise<T[]> {
    this.#assertOpen();
    return this.#tables.range(table, range) as T[];
  }

  async write(changes: readonly Change[]): Promise<void> {
    this.#assertOpen();
    assertKeys(changes);
    this.#tables.apply(changes);
  }

  async clear(): Promise<void> {
    this.#assertOpen();
    this.#tables.clear();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #assertOpen(): void {
    if (this.#isClosed) throw storageClosed();
  }
}
