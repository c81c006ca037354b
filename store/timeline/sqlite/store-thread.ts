import { Worker } from 'node:worker_threads';
import { PetrelError } from '../../../schemas/errors.ts';
import type { Answer, Call, CallName, Calls, ThreadOptions } from './messages.ts';

interface Waiting {
  readonly resolve: (output: never) => void;
  readonly reject: (error: PetrelError) => void;
}

const restartMs = 500;

const unavailable = (cause: unknown): PetrelError =>
  new PetrelError('store.unavailable', undefined, { cause });

/**
 * The commit thread as the caller sees it. If it dies, what was asked is rejected (a resend tells whether it was
 * stored), and the next call starts it again.
 */
export class StoreThread {
  readonly #options: ThreadOptions;
  readonly #log: (level: 'warn' | 'error', message: string) => void;
  #worker: Worker | undefined;
  #starting: Promise<void> | undefined;
  #lastStart = 0;
  #closed = false;
  #lastId = 0;
  readonly #waiting = new Map<number, Waiting>();

  constructor(options: ThreadOptions, log: (level: 'warn' | 'error', message: string) => void) {
    this.#options = options;
    this.#log = log;
  }

  /** Resolves when the store is open; rejects with the reason why it cannot be opened. */
  start(): Promise<void> {
    this.#starting ??= new Promise<void>((resolve, reject) => {
      this.#lastStart = performance.now();
      const worker = new Worker(new URL('./commit-thread.js', import.meta.url), {
        workerData: this.#options,
      });
      let failure: unknown = new Error('The thread of the store ended.');
      worker.on('message', (answer: Answer) => {
        if ('id' in answer) this.#settle(answer);
        else if ('ready' in answer) {
          this.#worker = worker;
          resolve();
        } else this.#log(answer.log, answer.message);
      });
      worker.on('error', (error) => {
        failure = error;
        if (this.#worker) this.#log('error', `The store stopped and starts again: ${String(error)}`);
      });
      worker.on('exit', () => {
        this.#worker = undefined;
        this.#starting = undefined;
        reject(failure);
        const waiting = [...this.#waiting.values()];
        this.#waiting.clear();
        for (const { reject } of waiting) reject(unavailable(failure));
      });
    });
    return this.#starting;
  }

  call<Name extends CallName>(
    name: Name,
    input: Calls[Name]['input'],
    transfer: ArrayBuffer[] = [],
  ): Promise<Calls[Name]['output']> {
    if (this.#closed) return Promise.reject(unavailable(new Error('The store is closed.')));
    if (this.#worker) return this.#ask(this.#worker, name, input, transfer);
    if (!this.#starting && performance.now() - this.#lastStart < restartMs)
      return Promise.reject(unavailable(new Error('The store has just stopped.')));
    return this.start().then(
      () => {
        if (!this.#worker) throw unavailable(new Error('The store has just stopped.'));
        return this.#ask(this.#worker, name, input, transfer);
      },
      (error: unknown) => {
        throw unavailable(error);
      },
    );
  }

  /** Ends the thread as a crash would; for tests. */
  async terminate(): Promise<void> {
    await this.#worker?.terminate();
  }

  async close(): Promise<void> {
    await this.#starting?.catch(() => {});
    const worker = this.#worker;
    if (!worker || this.#closed) {
      this.#closed = true;
      return;
    }
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    const answered = this.#ask(worker, 'close', null, []);
    this.#closed = true;
    await answered.catch(() => {});
    await ended;
  }

  #ask<Name extends CallName>(
    worker: Worker,
    name: Name,
    input: Calls[Name]['input'],
    transfer: ArrayBuffer[],
  ): Promise<Calls[Name]['output']> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#waiting.set(id, { resolve, reject });
      worker.postMessage({ name, id, input } as Call, transfer);
    });
  }

  #settle(answer: Extract<Answer, { id: number }>): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('error' in answer) waiting?.reject(unavailable(new Error(answer.error)));
    else waiting?.resolve(answer.output as never);
  }
}
