import { randomUUID } from 'node:crypto';
import type { Bus } from '../store/bus.ts';
import type { Nodes } from '../store/nodes.ts';
import type { Owners } from '../store/owners.ts';
import { createMemoryBus } from '../store/state/memory/bus.ts';
import { createMemoryNodes } from '../store/state/memory/nodes.ts';
import { createMemoryOwners } from '../store/state/memory/owners.ts';
import { openRedisBus } from '../store/state/redis/bus.ts';
import { RedisConnection } from '../store/state/redis/client.ts';
import { openRedisNodes } from '../store/state/redis/nodes.ts';
import { openRedisOwners, type RedisOwners } from '../store/state/redis/owners.ts';
import { checkPersistence } from '../store/state/redis/persistence.ts';
import type { Base } from './base.ts';
import type { Closing } from './closing.ts';

/** What nodes share beside the stores: of one process its memory, of many Redis. */
export type State = MemoryState | RedisState;

interface Shared {
  readonly bus: Bus;
  readonly nodes: Nodes;
  readonly owners: Owners;
}

export interface MemoryState extends Shared {
  readonly kind: 'memory';
}

export interface RedisState extends Shared {
  readonly kind: 'redis';
  readonly url: string;
  readonly redis: RedisConnection;
  readonly owners: RedisOwners;
}

export const openState = (base: Base, closing: Closing): Promise<State> | State =>
  base.config.store.state === 'memory' ? memoryState(base, closing) : redisState(base, closing);

function memoryState({ now, onError }: Base, closing: Closing): MemoryState {
  const bus = createMemoryBus(onError);
  closing.add(() => bus.close());
  return { kind: 'memory', bus, nodes: createMemoryNodes(now()), owners: createMemoryOwners() };
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
  return { kind: 'redis', url, redis, bus, nodes, owners };
}
