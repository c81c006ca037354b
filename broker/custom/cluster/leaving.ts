/** What the ends of sessions' connections have still to write. */
export class Leaving {
  readonly #work = new Map<string, Promise<unknown>>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  add(key: string, ...work: readonly Promise<unknown>[]): void {
    const all = Promise.all([this.#work.get(key), ...work]).catch(this.#onError);
    this.#work.set(key, all);
    void all.then(() => {
      if (this.#work.get(key) === all) this.#work.delete(key);
    });
  }

  /** Resolves when the session's is written, or could not be. */
  async settled(key: string): Promise<void> {
    await this.#work.get(key);
  }

  async all(): Promise<void> {
    await Promise.all(this.#work.values());
  }
}
