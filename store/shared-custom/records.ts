import { createRequire } from 'node:module';

/** What aedes-persistence-redis is asked for here; it brings no types. */
interface Persistence {
  storeRetained(packet: object): Promise<void>;
  createRetainedStreamCombi(filters: readonly string[]): AsyncIterable<{ readonly payload: Buffer }>;
}

type MakePersistence = new (options: { readonly conn: object }) => Persistence;

const require = createRequire(import.meta.url);

/**
 * Retained messages as aedes-persistence-redis writes and reads them, on a connection that is ours: what it would write goes
 * into the script that publishes the message, so that all nodes see one order. Messages are bytes to it, as MessagePack makes
 * null of what is undefined.
 */
export class RetainedRecords {
  readonly #scan: () => AsyncIterable<Buffer[]>;
  #written: Buffer | undefined;
  readonly #persistence: Persistence;

  /** `scan` gives all retained records, each after its topic. */
  constructor(scan: () => AsyncIterable<Buffer[]>) {
    this.#scan = scan;
    const conn = {
      hset: async (_key: string, _topic: string, record: Buffer): Promise<number> => {
        this.#written = record;
        return 1;
      },
      hscanBufferStream: () => this.#scan(),
    };
    const Made = require('aedes-persistence-redis/asyncPersistence.js') as MakePersistence;
    this.#persistence = new Made({ conn });
  }

  /** The record of a message that is `body`. */
  record(topic: string, qos: 0 | 1 | 2, body: Buffer): Buffer {
    this.#written = undefined;
    const written = this.#persistence.storeRetained({
      ...{ cmd: 'publish', topic, payload: body, qos, retain: true, dup: false },
    });
    written.catch(() => undefined);
    const record = this.#written as Buffer | undefined;
    if (record === undefined) throw new Error('aedes-persistence-redis writes otherwise than it did.');
    return record;
  }

  /** The messages of all records. */
  async *all(): AsyncGenerator<Buffer> {
    for await (const { payload } of this.#persistence.createRetainedStreamCombi(['#'])) yield payload;
  }
}
