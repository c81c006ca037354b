import type { Change, Storage } from '../storage.ts';

/** Writes of one storage, in order: those that are asked for while one is under way go together in the next one. */
export class Batch {
  readonly #storage: Pick<Storage, 'write'>;
  #next: { readonly changes: Change[]; readonly done: Promise<void> } | undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(storage: Pick<Storage, 'write'>) {
    this.#storage = storage;
  }

  write(changes: readonly Change[]): Promise<void> {
    if (this.#next !== undefined) {
      this.#next.changes.push(...changes);
      return this.#next.done;
    }
    const all = [...changes];
    const done = this.#running.then(() => {
      this.#next = undefined;
      return this.#storage.write(all);
    });
    this.#next = { changes: all, done };
    this.#running = done.catch(() => {});
    return done;
  }

  /** Resolves when nothing that was asked for is still to be written. */
  async drained(): Promise<void> {
    await this.#next?.done.catch(() => {});
    await this.#running;
  }
}
