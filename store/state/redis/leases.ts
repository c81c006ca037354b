import { setTimeout as pause } from 'node:timers/promises';
import type { RedisConnection } from './client.ts';
import { leaseClock, leaseClockKey, leasesKey } from './nodes.ts';

/** Ids and when their leases run out. */
const lookScript = `${leaseClock}
return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', now), '+inf', 'WITHSCORES')`;

export interface LiveNodesOptions {
  readonly redis: RedisConnection;
  /** Called while it is not known yet: these nodes live, or died a moment ago. It may throw. */
  readonly onWait?: (nodes: readonly string[]) => void;
  readonly lookMs?: number;
}

/**
 * The nodes that live: those that renew their leases. One that ended without a word counts until its lease has run out, which
 * is waited for, 10 s at most; one that said that it leaves does not count, nor does one that is frozen for longer than its lease.
 */
export async function liveNodes({
  redis,
  onWait,
  lookMs = 500,
}: LiveNodesOptions): Promise<readonly string[]> {
  const script = redis.script(lookScript);
  const look = async (): Promise<Map<string, number>> => {
    const found = (await script([leasesKey, leaseClockKey], [])) as string[];
    return new Map(found.flatMap((id, i) => (i % 2 === 0 ? [[id, Number(found[i + 1])]] : [])));
  };
  const first = await look();
  for (let leases = first; leases.size > 0; leases = await look()) {
    const live = [...leases].filter(([id, runsOut]) => runsOut !== first.get(id)).map(([id]) => id);
    if (live.length > 0) return live;
    onWait?.([...leases.keys()]);
    await pause(lookMs);
  }
  return [];
}
