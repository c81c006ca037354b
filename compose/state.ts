import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { localBuckets, type MakeBuckets } from '../policy/rate.ts';
import { SharedRates } from '../policy/shared-rate.ts';
import type { Config } from '../schemas/config.ts';
import type { Bus } from '../store/bus.ts';
import type { Nodes } from '../store/nodes.ts';
import type { Online } from '../store/online.ts';
import type { Owners } from '../store/owners.ts';
import type { Rates } from '../store/rates.ts';
import { createMemoryBus } from '../store/state/memory/bus.ts';
import { createMemoryNodes } from '../store/state/memory/nodes.ts';
import { createMemoryOwners } from '../store/state/memory/owners.ts';
import { openRedisBus } from '../store/state/redis/bus.ts';
import { RedisConnection } from '../store/state/redis/client.ts';
import { openRedisNodes } from '../store/state/redis/nodes.ts';
import { RedisOnline } from '../store/state/redis/online.ts';
import { openRedisOwners, type RedisOwners } from '../store/state/redis/owners.ts';
import { checkPersistence } from '../store/state/redis/persistence.ts';
import { RedisRates } from '../store/state/redis/rates.ts';
import type { Base } from './base.ts';
import type { Closing } from './closing.ts';

/** What nodes share beside the stores: of one process its memory, of many Redis. */
export type State = MemoryState | RedisState;

interface Shared {
  readonly bus: Bus;
  readonly nodes: Nodes;
  readonly owners: Owners;
  /** Buckets that all nodes share. */
  readonly buckets: MakeBuckets;
}

export interface MemoryState extends Shared {
  readonly kind: 'memory';
}

export interface RedisState extends Shared {
  readonly kind: 'redis';
  readonly url: string;
  readonly redis: RedisConnection;
  readonly owners: RedisOwners;
  /** The connections of all nodes. */
  readonly online: Online;
  readonly rates: Rates;
}

export const openState = (base: Base, closing: Closing): Promise<State> | State =>
  base.config.store.state === 'memory' ? memoryState(base, closing) : redisState(base, closing);

function memoryState({ now, onError }: Base, closing: Closing): MemoryState {
  const bus = createMemoryBus(onError);
  closing.add(() => bus.close());
  return {
    kind: 'memory',
    bus,
    nodes: createMemoryNodes(now()),
    owners: createMemoryOwners(),
    buckets: localBuckets(now),
  };
}

async function redisState({ config, role, log, now, onError }: Base, closing: Closing): Promise<RedisState> {
  const url = config.store.state;
  const redis = await RedisConnection.open({ url, name: 'petrel-state' });
  closing.add(() => redis.close());
  await checkPersistence(redis, (message) => log.warn(message));
  const bus = await openRedisBus({ url, onError });
  closing.add(() => bus.close());
  const self = { id: randomUUID(), role, startedAt: now() };
  const nodes = await openRedisNodes({ redis, self, bus, onError });
  closing.add(() => nodes.close());
  const owners = await openRedisOwners({ redis, bus, nodes, now, onError });
  closing.add(() => owners.close());
  const online = new RedisOnline({ redis, nodes, now, onError });
  closing.add(() => online.close());
  const rates = new RedisRates(redis);
  const shared = new SharedRates({ rates, now });
  closing.add(() => shared.close());
  return { kind: 'redis', url, redis, bus, nodes, owners, online, rates, buckets: shared.make };
}

/** Where other nodes reach this one's MQTT: as configured, or by the address that it has towards Redis. */
export function reachedAt(
  { cluster, mqtt }: Config,
  { redis }: RedisState,
  [own]: readonly string[],
): string {
  const { port } = new URL(own!.replace('mqtt', 'http'));
  const everywhere = mqtt.host === '0.0.0.0' || mqtt.host === '::';
  const host = cluster.host ?? (everywhere ? (redis.client.stream as Socket).localAddress : mqtt.host);
  return `mqtt://${host?.includes(':') ? `[${host}]` : host}:${port}`;
}
