import { localBuckets, type MakeBuckets } from '../policy/rate.ts';
import { openAt } from '../store/away.ts';
import type { Bus } from '../store/bus.ts';
import type { Nodes } from '../store/nodes.ts';
import type { Owners } from '../store/owners.ts';
import { createMemoryBus } from '../store/state/memory/bus.ts';
import { createMemoryNodes } from '../store/state/memory/nodes.ts';
import { createMemoryOwners } from '../store/state/memory/owners.ts';
import type { Base } from './base.ts';
import type { Closing } from './closing.ts';
import type { RedisState } from './redis-state.ts';

/** What nodes share beside the stores: of one process its memory, of many Redis. */
export type State = MemoryState | RedisState;

export interface SharedState {
  readonly bus: Bus;
  readonly nodes: Nodes;
  readonly owners: Owners;
  /** Buckets that all nodes share. */
  readonly buckets: MakeBuckets;
}

export interface MemoryState extends SharedState {
  readonly kind: 'memory';
}

export async function openState(base: Base, closing: Closing): Promise<State> {
  if (base.config.store.state === 'memory') return memoryState(base, closing);
  const { openRedisState } = await import('./redis-state.ts');
  const open = () => openRedisState(base, closing);
  return openAt('store.state', open, (message) => base.log.warn(message));
}

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
