import { NotTheOwner } from '../store/owners.ts';
import type { Registry } from './registry.ts';

const againMs = 1000;
/** Tried in one go. */
const atOnce = 100;
/** Beyond these a crash counts: what the sessions had stored before is what they have. */
const maxKept = 20_000;

/** What ends of connections could not store: it is tried again until it is stored, and before the session is taken up. */
export class Unfinished {
  readonly #registry: Pick<Registry, 'inTurn'>;
  readonly #onError: (error: unknown) => void;
  readonly #work = new Map<string, () => Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(registry: Pick<Registry, 'inTurn'>, onError: (error: unknown) => void) {
    this.#registry = registry;
    this.#onError = onError;
  }

  get size(): number {
    return this.#work.size;
  }

  has(key: string): boolean {
    return this.#work.has(key);
  }

  /** Runs the work, in turn already, and keeps it where it fails. */
  async run(key: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#work.delete(key);
    } catch (error) {
      if (error instanceof NotTheOwner) return;
      // While a store is away every connection that ends comes here.
      if (this.#work.size === 0) this.#onError(error);
      if (this.#work.size >= maxKept && !this.#work.has(key)) return;
      this.#work.set(key, work);
      this.#timer ??= setTimeout(() => this.#again(), againMs).unref();
    }
  }

  /** In turn, before the session is taken up. Rejects where it still cannot be stored. */
  async finish(key: string): Promise<void> {
    const work = this.#work.get(key);
    if (work === undefined) return;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof NotTheOwner)) throw error;
    }
    this.#work.delete(key);
  }

  #again(): void {
    this.#timer = undefined;
    const keys = [...this.#work.keys()].slice(0, atOnce);
    void Promise.allSettled(keys.map((key) => this.#registry.inTurn(key, () => this.finish(key)))).then(
      (results) => {
        if (this.#work.size === 0) return;
        const soon = results.every(({ status }) => status === 'fulfilled');
        this.#timer ??= setTimeout(() => this.#again(), soon ? 0 : againMs).unref();
      },
    );
  }

  /** Tries all once more. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await Promise.allSettled(
      [...this.#work.keys()].map((key) => this.#registry.inTurn(key, () => this.finish(key))),
    );
    clearTimeout(this.#timer);
  }
}
