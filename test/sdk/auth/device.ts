import { randomUUID } from 'node:crypto';
import type { Auth, AuthOptions, EndReason } from '../../../sdk/auth/auth.ts';
import { createAuth } from '../../../sdk/auth/create.ts';
import { memoryStorage } from '../../../sdk/storage/memory.ts';
import type { Storage } from '../../../sdk/storage.ts';
import { LockedTabs } from '../../../sdk/tabs/locked.ts';
import { Locks } from '../tabs/locks.ts';

/** One tab. */
export interface Tab {
  readonly auth: Auth;
  /** How sign-ins ended here. */
  readonly ends: EndReason[];
  readonly errors: unknown[];
  /** The paths that it asked the server for. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** A browser: tabs with one storage. */
export class Device {
  readonly storage: Storage;
  readonly #locks = new Locks();
  readonly #name = `device-${randomUUID()}`;
  readonly #tabs: Tab[] = [];

  constructor(storage: Storage = memoryStorage()) {
    this.storage = storage;
  }

  /** A new tab, which has taken up what is kept. */
  async open(url: string, options: Partial<AuthOptions> = {}): Promise<Tab> {
    const channel = new BroadcastChannel(this.#name);
    const tabs = new LockedTabs({ name: this.#name, locks: this.#locks, channel });
    const asked: string[] = [];
    const errors: unknown[] = [];
    const call = options.http?.fetch ?? globalThis.fetch;
    const auth = createAuth({
      storage: this.storage,
      tabs,
      onError: (error) => errors.push(error),
      ...options,
      http: {
        url,
        ...options.http,
        fetch: (to, request) => {
          asked.push(new URL(String(to)).pathname);
          return call(to, request);
        },
      },
    });
    const ends: EndReason[] = [];
    auth.onEnded((reason) => ends.push(reason));
    const close = async () => {
      auth.close();
      await tabs.close();
    };
    const tab = { auth, ends, errors, asked, close };
    this.#tabs.push(tab);
    await auth.restore();
    return tab;
  }

  async close(): Promise<void> {
    for (const tab of this.#tabs) await tab.close();
  }
}
