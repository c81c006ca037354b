import { ClientError } from '../errors.ts';
import type { Storage } from '../storage.ts';

/** A storage for as long as one user is signed in: who signs out leaves nothing behind that comes late. */
export class Gate implements Storage {
  readonly keepsKeys: boolean;
  readonly isShared: Promise<boolean>;
  readonly #storage: Storage;
  readonly #writes = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(storage: Storage) {
    this.#storage = storage;
    this.keepsKeys = storage.keepsKeys;
    this.isShared = storage.isShared;
  }

  async get<T>(...of: Parameters<Storage['get']>): Promise<T | undefined> {
    this.#assertOpen();
    return this.#storage.get<T>(...of);
  }

  async range<T>(...of: Parameters<Storage['range']>): Promise<T[]> {
    this.#assertOpen();
    return this.#storage.range<T>(...of);
  }

  async write(...of: Parameters<Storage['write']>): Promise<void> {
    this.#assertOpen();
    const written = this.#storage.write(...of);
    this.#writes.add(written);
    await written.finally(() => this.#writes.delete(written));
  }

  clear(): Promise<void> {
    return Promise.reject(closed());
  }

  /** Nothing is read or written any more; resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled([...this.#writes]);
  }

  #assertOpen(): void {
    if (this.#isClosed) throw closed();
  }
}

const closed = (): ClientError => new ClientError('client.closed', 'Signed out, or closed.');
