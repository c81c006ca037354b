/** A lease that is held: by whom, and until when if nobody prolongs it, ms since 1970. */
interface Lease {
  readonly holder: string;
  readonly until: number;
}

/** Where leases are kept: shared by all tabs, and changed by one at a time. */
export interface LeaseStore {
  /** Takes the lease where it is free, has run out or is the holder's own; whether it did. */
  take(name: string, holder: string, untilMs: number): Promise<boolean>;
  /** Where it is the holder's. */
  release(name: string, holder: string): Promise<void>;
}

const storeName = 'leases';

/** A database of its own: a transaction of IndexedDB is what tabs without Web Locks can exclude each other by. */
export class IndexedLeases implements LeaseStore {
  readonly #database: Promise<IDBDatabase>;

  constructor(name: string, factory: IDBFactory = indexedDB) {
    this.#database = new Promise((resolve, reject) => {
      const request = factory.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(storeName);
      request.onsuccess = () => {
        request.result.onversionchange = () => request.result.close();
        resolve(request.result);
      };
      request.onerror = () => reject(request.error);
    });
    this.#database.catch(() => {});
  }

  take(name: string, holder: string, untilMs: number): Promise<boolean> {
    return this.#change(name, (lease) => {
      const isFree = lease === undefined || lease.holder === holder || lease.until <= Date.now();
      return { put: isFree ? { holder, until: untilMs } : undefined, answer: isFree };
    });
  }

  async release(name: string, holder: string): Promise<void> {
    await this.#change(name, (lease) => ({
      put: lease?.holder === holder ? { holder, until: 0 } : undefined,
      answer: true,
    }));
  }

  async #change(
    name: string,
    decide: (lease: Lease | undefined) => { put: Lease | undefined; answer: boolean },
  ): Promise<boolean> {
    const database = await this.#database;
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(storeName, 'readwrite');
      const store = transaction.objectStore(storeName);
      let answer = false;
      const read = store.get(name);
      read.onsuccess = () => {
        const decided = decide(read.result as Lease | undefined);
        answer = decided.answer;
        if (decided.put !== undefined) store.put(decided.put, name);
      };
      transaction.oncomplete = () => resolve(answer);
      transaction.onabort = () => reject(transaction.error);
    });
  }

  async close(): Promise<void> {
    (await this.#database.catch(() => undefined))?.close();
  }
}
