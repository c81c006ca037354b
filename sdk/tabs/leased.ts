import { randomHex } from '../auth/random.ts';
import { State } from '../signal.ts';
import type { Tabs } from '../tabs.ts';
import type { IndexedLeases } from './leases.ts';
import { onStandstill } from './standstill.ts';
import { Turns } from './turns.ts';

export interface LeasedTabsOptions {
  readonly leases: Pick<IndexedLeases, 'take' | 'release' | 'close'>;
  readonly channel: BroadcastChannel;
}

/** Longer than any work takes, and than a hidden tab's timers are held back: who is gone for good is waited for so long. */
const leaseMs = 90_000;
const prolongMs = 20_000;
const pollMs = 150;

/** What tabs without Web Locks tell each other: somebody may take the lease now. */
const freed = 'petrel: freed';

/**
 * Tabs of a page on plain http, where there are no Web Locks. Each leads, with a connection of its own; what must not
 * happen twice is done under a lease.
 */
export class LeasedTabs implements Tabs {
  readonly isLeader = new State(true);
  readonly #options: LeasedTabsOptions;
  readonly #holder = randomHex(8);
  readonly #turns = new Turns();
  readonly #held = new Set<string>();
  readonly #handlers = new Set<(message: unknown) => void>();
  readonly #waiting = new Set<() => void>();
  readonly #unwatch: () => void;

  constructor(options: LeasedTabsOptions) {
    this.#options = options;
    options.channel.onmessage = ({ data }) => {
      if (data === freed) for (const wake of [...this.#waiting]) wake();
      else for (const handler of [...this.#handlers]) handler(data);
    };
    // A page that is closed has no more time than for this.
    this.#unwatch = onStandstill(
      () => {
        for (const name of this.#held) void this.#release(name);
      },
      () => {},
    );
  }

  post(message: unknown): void {
    this.#options.channel.postMessage(message);
  }

  onMessage(handler: (message: unknown) => void): () => void {
    const own = (message: unknown): void => handler(message);
    this.#handlers.add(own);
    return () => void this.#handlers.delete(own);
  }

  exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.#turns.take(name, async () => {
      // Where there is no database, there is no storage to share either.
      const take = () =>
        this.#options.leases.take(name, this.#holder, Date.now() + leaseMs).catch(() => true);
      while (!(await take())) await this.#wait();
      this.#held.add(name);
      const timer = setInterval(() => void take(), prolongMs);
      try {
        return await work();
      } finally {
        clearInterval(timer);
        await this.#release(name);
      }
    });
  }

  async close(): Promise<void> {
    this.#unwatch();
    for (const name of [...this.#held]) await this.#release(name);
    this.#options.channel.close();
    await this.#options.leases.close();
  }

  async #release(name: string): Promise<void> {
    this.#held.delete(name);
    await this.#options.leases.release(name, this.#holder).catch(() => {});
    this.#options.channel.postMessage(freed);
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, pollMs * (0.5 + Math.random()));
      this.#waiting.add(wake);
    });
  }
}
