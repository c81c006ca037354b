import type { Tabs } from '../tabs.ts';
import { LeasedTabs } from './leased.ts';
import { IndexedLeases } from './leases.ts';
import { LockedTabs } from './locked.ts';
import { SoloTabs } from './solo.ts';

/** The tabs of a client, and whether one of them is chosen to lead. */
export interface CreatedTabs {
  readonly tabs: Tabs;
  /** False where each leads: then each needs an MQTT client id of its own, and a session that ends with its connection. */
  readonly isElected: boolean;
}

/**
 * What the platform has: Web Locks, else leases in IndexedDB (pages on plain http), else nobody is there but this one.
 * `name` is that of the storage; without one it is not shared with anybody.
 */
export function createTabs(name: string | undefined): CreatedTabs {
  const { navigator, indexedDB, document } = globalThis as {
    navigator?: { readonly locks?: LockManager };
    indexedDB?: IDBFactory;
    document?: unknown;
  };
  // A server process may have Web Locks too: nobody else uses its storage.
  if (name === undefined || document === undefined || typeof BroadcastChannel === 'undefined')
    return { tabs: new SoloTabs(), isElected: true };
  const channel = new BroadcastChannel(name);
  const locks = navigator?.locks;
  if (locks !== undefined) return { tabs: new LockedTabs({ name, locks, channel }), isElected: true };
  if (indexedDB === undefined) {
    channel.close();
    return { tabs: new SoloTabs(), isElected: true };
  }
  return {
    tabs: new LeasedTabs({ leases: new IndexedLeases(`${name}-leases`), channel }),
    isElected: false,
  };
}
