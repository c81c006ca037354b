import { State } from '../signal.ts';
import type { Tabs } from '../tabs.ts';
import { onStandstill } from './standstill.ts';

export interface LockedTabsOptions {
  /** The same for all clients of one storage, and for no others. */
  readonly name: string;
  readonly locks: Pick<LockManager, 'request'>;
  readonly channel: BroadcastChannel;
}

/** Tabs of a browser with Web Locks: who holds the lock leads, and the browser passes it on when a tab is gone. */
export class LockedTabs implements Tabs {
  readonly isLeader = new State(false);
  readonly #options: LockedTabsOptions;
  readonly #handlers = new Set<(message: unknown) => void>();
  readonly #unwatch: () => void;
  /** Ends the lead, or the wait for it. */
  #candidacy: AbortController | undefined;

  constructor(options: LockedTabsOptions) {
    this.#options = options;
    options.channel.onmessage = ({ data }) => {
      for (const handler of [...this.#handlers]) handler(data);
    };
    // A page that stands still would keep the lock and do nothing.
    this.#unwatch = onStandstill(
      () => this.#resign(),
      () => this.#stand(),
    );
    this.#stand();
  }

  post(message: unknown): void {
    this.#options.channel.postMessage(message);
  }

  onMessage(handler: (message: unknown) => void): () => void {
    const own = (message: unknown): void => handler(message);
    this.#handlers.add(own);
    return () => void this.#handlers.delete(own);
  }

  async exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
    const { locks, name: own } = this.#options;
    let answer: { readonly value: T } | undefined;
    await locks.request(`${own}/${name}`, async () => {
      answer = { value: await work() };
    });
    return answer!.value;
  }

  async close(): Promise<void> {
    this.#unwatch();
    this.#resign();
    this.#options.channel.close();
  }

  #stand(): void {
    if (this.#candidacy !== undefined) return;
    const candidacy = new AbortController();
    this.#candidacy = candidacy;
    const { signal } = candidacy;
    const lead = (): Promise<void> =>
      new Promise((resolve) => {
        if (signal.aborted) {
          resolve();
          return;
        }
        signal.addEventListener('abort', () => resolve());
        this.isLeader.set(true);
      });
    // Given up while it waited: that is what the rejection says.
    void this.#options.locks.request(`${this.#options.name}/leader`, { signal }, lead).catch(() => {});
  }

  #resign(): void {
    const candidacy = this.#candidacy;
    if (candidacy === undefined) return;
    this.#candidacy = undefined;
    this.isLeader.set(false);
    candidacy.abort();
  }
}
