import { setImmediate } from 'node:timers/promises';
import type { Change, Key, Range, Storage, Table } from '../../../sdk/storage.ts';

/** A process' way to a storage, which takes its time, and what has not come there when the process dies never does. */
export class Killable implements Storage {
  readonly keepsKeys = true;
  readonly isShared = Promise.resolve(true);
  readonly #storage: Storage;
  readonly #delays: Iterator<number>;
  #last: Promise<unknown> = Promise.resolve();
  #isDead = false;

  /** `delays`: how many turns each call takes. */
  constructor(storage: Storage, delays: Iterator<number>) {
    this.#storage = storage;
    this.#delays = delays;
  }

  kill(): void {
    this.#isDead = true;
  }

  get<T>(table: Table, key: Key): Promise<T | undefined> {
    return this.#call(() => this.#storage.get<T>(table, key));
  }

  range<T>(table: Table, range?: Range): Promise<T[]> {
    return this.#call(() => this.#storage.range<T>(table, range));
  }

  write(changes: readonly Change[]): Promise<void> {
    return this.#call(() => this.#storage.write(changes));
  }

  clear(): Promise<void> {
    return this.#call(() => this.#storage.clear());
  }

  async close(): Promise<void> {}

  #call<T>(call: () => Promise<T>): Promise<T> {
    const answer = this.#last.then(async () => {
      for (let turns = this.#delays.next().value ?? 0; turns > 0; turns--) await setImmediate();
      const result = this.#isDead ? never : await call();
      return (this.#isDead ? never : result) as Promise<T>;
    });
    this.#last = answer.catch(() => {});
    return answer;
  }
}

const never = new Promise<never>(() => {});
