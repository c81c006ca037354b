import { ClientError } from '../errors.ts';
import type { Change, Key, Range, Storage, Table } from '../storage.ts';
import { storageClosed, storageFailed } from './failure.ts';
import { finished, NoDatabase, openDatabase, ownFactory } from './indexeddb/database.ts';
import { askToPersist } from './indexeddb/persistence.ts';
import { compareKeys } from './keys.ts';
import { memoryStorage } from './memory.ts';
import { tables } from './tables.ts';

export interface IndexedDbStorageOptions {
  /** The database. Clients of different users or servers on one site need different ones. */
  readonly name: string;
  /** Told where nothing will be kept beyond this page, or another page keeps the database busy. */
  readonly onWarning?: (warning: Error) => void;
  /** The browser's where absent. */
  readonly factory?: IDBFactory;
}

/**
 * Keeps everything in a database of the browser, which the tabs of a site share: the default there. Where the browser gives
 * none, everything is in memory, and `onWarning` is told.
 *
 * @example
 * const storage = indexedDbStorage({ name: 'chat', onWarning: console.warn });
 * const client = await createClient({ storage });
 */
export function indexedDbStorage(options: IndexedDbStorageOptions): Storage {
  return new IndexedDbStorage(options);
}

class IndexedDbStorage implements Storage {
  readonly keepsKeys = true;
  readonly name: string;
  readonly isShared: Promise<boolean>;
  readonly #options: IndexedDbStorageOptions;
  /** The database, or what stands in for it. */
  #opening: Promise<IDBDatabase | Storage>;
  /** What has been called, and is not done. */
  readonly #running = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;
  #hasAsked = false;

  constructor(options: IndexedDbStorageOptions) {
    this.#options = options;
    this.name = options.name;
    this.#opening = this.#open();
    this.isShared = this.#opening.then(isDatabase, () => true);
  }

  get<T>(table: Table, key: Key): Promise<T | undefined> {
    return this.#run(
      (storage) => storage.get<T>(table, key),
      (database) => {
        const transaction = database.transaction(table);
        const request = transaction.objectStore(table).get(keyFor(key));
        return finished(transaction, () => request.result as T | undefined);
      },
    );
  }

  range<T>(table: Table, range: Range = {}): Promise<T[]> {
    return this.#run(
      (storage) => storage.range<T>(table, range),
      (database) => {
        const { from, to, limit, reverse = false } = range;
        if (limit === 0 || isEmpty(from, to)) return Promise.resolve([]);
        const transaction = database.transaction(table);
        const values = valuesOf<T>(transaction.objectStore(table), keysBetween(from, to), reverse, limit);
        return finished(transaction, values);
      },
    );
  }

  write(changes: readonly Change[]): Promise<void> {
    // As they are now, should somebody add to the list.
    const all = [...changes];
    return this.#run(
      (storage) => storage.write(all),
      (database) => {
        if (all.length === 0) return Promise.resolve();
        if (all.some((change) => change.table === 'session' && 'value' in change)) this.#ask();
        const durability = all.some(mustLast) ? 'strict' : 'relaxed';
        const names = new Set(all.map(({ table }) => table));
        const transaction = database.transaction([...names], 'readwrite', { durability });
        return changed(transaction, () => {
          for (const change of all) apply(transaction.objectStore(change.table), change);
        });
      },
    );
  }

  clear(): Promise<void> {
    return this.#run(
      (storage) => storage.clear(),
      (database) => {
        const transaction = database.transaction(tables, 'readwrite', { durability: 'strict' });
        return changed(transaction, () => {
          for (const table of tables) transaction.objectStore(table).clear();
        });
      },
    );
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#running);
    await this.#opening.then(
      (opened) => opened.close(),
      () => {},
    );
  }

  #run<T>(
    onStorage: (storage: Storage) => Promise<T>,
    onDatabase: (database: IDBDatabase) => Promise<T>,
  ): Promise<T> {
    if (this.#closed !== undefined) return Promise.reject(storageClosed());
    const use = (opened: IDBDatabase | Storage): Promise<T> =>
      isDatabase(opened) ? onDatabase(opened) : onStorage(opened);
    const work = async (): Promise<T> => {
      const opening = this.#opening;
      try {
        return await use(await opening);
      } catch (error) {
        // The browser has closed it meanwhile, so nothing was begun.
        if ((error as Error).name !== 'InvalidStateError') throw storageFailed(error);
        if (this.#opening === opening) this.#opening = this.#open();
        return await use(await this.#opening).catch((again: unknown) => {
          throw storageFailed(again);
        });
      }
    };
    const running = work();
    this.#running.add(running);
    const done = (): void => void this.#running.delete(running);
    running.then(done, done);
    return running;
  }

  async #open(): Promise<IDBDatabase | Storage> {
    const { factory = ownFactory(), name } = this.#options;
    const onBlocked = (): void => this.#warn('Another page of this site must be closed first.');
    try {
      const database = await openDatabase(factory, name, onBlocked);
      // A later version of this page wants to change it: it must not wait for this one.
      database.onversionchange = () => database.close();
      return database;
    } catch (error) {
      if (!(error instanceof NoDatabase)) throw error;
      this.#warn('The browser keeps nothing: all is gone when this page is closed.', error);
      return memoryStorage();
    }
  }

  #ask(): void {
    if (this.#hasAsked) return;
    this.#hasAsked = true;
    void askToPersist();
  }

  #warn(message: string, cause?: unknown): void {
    this.#options.onWarning?.(new ClientError('client.storage', message, { retryable: true, cause }));
  }
}

const isDatabase = (opened: IDBDatabase | Storage): opened is IDBDatabase => 'objectStoreNames' in opened;

/** What the server does not have as well. */
const mustLast = (change: Change): boolean =>
  'value' in change && (change.table === 'outbox' || change.table === 'session');

const keyFor = (key: Key): IDBValidKey => (typeof key === 'string' ? key : [...key]);

const isEmpty = (from: Key | undefined, to: Key | undefined): boolean =>
  from !== undefined && to !== undefined && compareKeys(from, to) > 0;

function keysBetween(from: Key | undefined, to: Key | undefined): IDBKeyRange | undefined {
  if (from === undefined) return to === undefined ? undefined : IDBKeyRange.upperBound(keyFor(to));
  if (to === undefined) return IDBKeyRange.lowerBound(keyFor(from));
  return IDBKeyRange.bound(keyFor(from), keyFor(to));
}

/** Begins to read; the values are there when the transaction is finished. */
function valuesOf<T>(
  store: IDBObjectStore,
  keys: IDBKeyRange | undefined,
  reverse: boolean,
  limit: number | undefined,
): () => T[] {
  if (!reverse || limit === undefined) {
    const request = store.getAll(keys, limit);
    return () => (reverse ? (request.result as T[]).reverse() : (request.result as T[]));
  }
  const values: T[] = [];
  const request = store.openCursor(keys, 'prev');
  request.onsuccess = () => {
    const cursor = request.result;
    if (cursor === null) return;
    values.push(cursor.value as T);
    if (values.length < limit) cursor.continue();
  };
  return () => values;
}

function apply(store: IDBObjectStore, change: Change): void {
  if ('value' in change) store.put(change.value, keyFor(change.key));
  else if ('key' in change) store.delete(keyFor(change.key));
  else if (!isEmpty(change.from, change.to)) store.delete(keysBetween(change.from, change.to)!);
}

/** All of the work, or nothing of it. */
function changed(transaction: IDBTransaction, work: () => void): Promise<void> {
  const done = finished(transaction, () => {});
  try {
    work();
  } catch (error) {
    transaction.abort();
    return done.catch(() => {
      throw error;
    });
  }
  return done;
}
