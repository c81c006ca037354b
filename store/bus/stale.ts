import type { Bus } from '../bus.ts';

/** What is cached about these users ends at once: sends, typing and presence go by the new facts when this returns. */
export function tellStale(bus: Bus, uids: Iterable<string>): void {
  for (const user of uids) bus.publish({ type: 'stale', user });
}
