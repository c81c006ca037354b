interface Waiting<V> {
  readonly resolve: (value: V | undefined) => void;
  readonly reject: (error: unknown) => void;
}

const maxBatch = 1000;

/** Reads what is known of users, many at a time: who asks while a read runs is in the next one. */
export class Batches<V> {
  readonly #read: (uids: readonly string[]) => Promise<ReadonlyMap<string, V>>;
  #waiting = new Map<string, Waiting<V>[]>();
  #reading = false;

  constructor(read: (uids: readonly string[]) => Promise<ReadonlyMap<string, V>>) {
    this.#read = read;
  }

  of(uid: string): Promise<V | undefined> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(uid);
      if (waiting === undefined) this.#waiting.set(uid, [{ resolve, reject }]);
      else waiting.push({ resolve, reject });
      if (this.#reading) return;
      this.#reading = true;
      queueMicrotask(() => void this.#readAll());
    });
  }

  async #readAll(): Promise<void> {
    while (this.#waiting.size > 0) {
      const batch = new Map([...this.#waiting].slice(0, maxBatch));
      for (const uid of batch.keys()) this.#waiting.delete(uid);
      try {
        const found = await this.#read([...batch.keys()]);
        for (const [uid, waiting] of batch) for (const { resolve } of waiting) resolve(found.get(uid));
      } catch (error) {
        for (const waiting of batch.values()) for (const { reject } of waiting) reject(error);
      }
    }
    this.#reading = false;
  }
}
