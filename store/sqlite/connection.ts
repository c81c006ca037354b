import { open } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { PetrelError } from '../../schemas/errors.ts';
import type { ThreadAnswer, ThreadRequest } from './thread.ts';

/** What SQLite answered other than a result; `code` is its extended result code. */
export class SqliteError extends Error {
  readonly code: number | undefined;

  constructor(message: string, code?: number) {
    super(message);
    this.name = 'SqliteError';
    this.code = code;
  }
}

// BUSY, LOCKED, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB: the disk's fault, not the statement's.
const unavailableCodes = new Set([5, 6, 8, 10, 11, 13, 14, 26]);

const toError = ({ message, code }: NonNullable<ThreadAnswer['error']>): Error => {
  const cause = new SqliteError(message, code);
  return code !== undefined && unavailableCodes.has(code & 0xff)
    ? new PetrelError('store.unavailable', undefined, { cause })
    : cause;
};

/**
 * A SQLite connection that lives in a thread of its own, so that nothing here waits for the disk. Statements run in the
 * order of calling. Rejects with `store.unavailable` where the disk fails or the thread is gone, else with SqliteError.
 */
export class SqliteConnection {
  readonly #worker: Worker;
  readonly #waiting = new Map<
    number,
    { resolve: (answer: ThreadAnswer) => void; reject: (reason: Error) => void }
  >();
  #nextId = 1;
  #ended: Error | undefined;

  private constructor(path: string) {
    this.#worker = new Worker(new URL('./thread.js', import.meta.url), { workerData: { path } });
    this.#worker.on('message', (answer: ThreadAnswer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if (this.#waiting.size === 0) this.#worker.unref();
      if (answer.error) waiting?.reject(toError(answer.error));
      else waiting?.resolve(answer);
    });
    this.#worker.on('error', (error) => this.#end(error));
    this.#worker.on('exit', () => this.#end(new Error('the database thread ended')));
    this.#worker.unref();
  }

  /** Opens the database file, made with mode 0600 where it is missing (WAL files take the mode of the database). */
  static async open(path: string): Promise<SqliteConnection> {
    await (await open(path, 'a', 0o600)).close();
    const connection = new SqliteConnection(path);
    await connection.run('select 1');
    return connection;
  }

  /** Rows of a statement that has any, else how many rows it changed. */
  async run(
    sql: string,
    parameters: readonly unknown[] = [],
  ): Promise<{ rows: readonly unknown[]; changes: number }> {
    const { rows, changes } = await this.#ask({
      sql,
      parameters: parameters as NonNullable<ThreadRequest['parameters']>,
    });
    return { rows: rows ?? [], changes: changes ?? 0 };
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    await this.#ask({}).catch(() => undefined);
    await this.#worker.terminate();
  }

  #ask(request: Omit<ThreadRequest, 'id'>): Promise<ThreadAnswer> {
    if (this.#ended)
      return Promise.reject(new PetrelError('store.unavailable', undefined, { cause: this.#ended }));
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      this.#waiting.set(id, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ id, ...request });
    });
  }

  #end(cause: Error): void {
    this.#ended ??= cause;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new PetrelError('store.unavailable', undefined, { cause }));
  }
}
