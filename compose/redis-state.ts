import { randomUUID } from 'node:crypto';
import { SharedRates } from '../policy/shared-rate.ts';
import type { Online } from '../store/online.ts';
import type { Rates } from '../store/rates.ts';
import { openRedisBus } from '../store/state/redis/bus.ts';
import { RedisConnection } from '../store/state/redis/client.ts';
import { openRedisNodes } from '../store/state/redis/nodes.ts';
import { RedisOnline } from '../store/state/redis/online.ts';
import { openRedisOwners, type RedisOwners } from '../store/state/redis/owners.ts';
import { checkPersistence } from '../store/state/redis/persistence.ts';
import { RedisRates } from '../store/state/redis/rates.ts';
import type { Base } from './base.ts';
import type { Closing } from './closing.ts';
import type { SharedState } from './state.ts';

export interface RedisState extends SharedState {
  readonly kind: 'redis';
  readonly url: string;
  readonly redis: RedisConnection;
  readonly owners: RedisOwners;
  /** The connections of all nodes. */
  readonly online: Online;
  readonly rates: Rates;
}

export async function openRedisState(
  { config, role, log, metrics, now, onError }: Base,
  closing: Closing,
): Promise<RedisState> {
  const url = config.store.state;
  const redis = await RedisConnection.open({ url, name: 'petrel-state' });
  closing.add(() => redis.close());
  await checkPersistence(redis, (message) => log.warn(message));
  const bus = await openRedisBus({ url, onError });
  closing.add(() => bus.close());
  const self = { id: randomUUID(), role, startedAt: now() };
  const nodes = await openRedisNodes({
    ...{ redis, self, bus, channel: bus.ownChannel, onError },
    onGone: (node) => log.warn({ node: node.id, role: node.role }, 'A node is gone without a word.'),
  });
  closing.add(() => nodes.close());
  metrics.cluster.nodes = () => nodes.live().values();
  Object.defineProperties(metrics.hot, {
    busLosses: { get: () => bus.counters.losses },
    busDropped: { get: () => bus.counters.dropped },
    busQueuedBytes: { get: () => bus.counters.queuedBytes },
  });
  const owners = await openRedisOwners({ redis, bus, nodes, now, onError });
  closing.add(() => owners.close());
  const online = new RedisOnline({ redis, nodes, now, onError });
  closing.add(() => online.close());
  const rates = new RedisRates(redis);
  const shared = new SharedRates({ rates, now });
  closing.add(() => shared.close());
  return { kind: 'redis', url, redis, bus, nodes, owners, online, rates, buckets: shared.make };
}
