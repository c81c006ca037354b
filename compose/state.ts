import type { Bus } from '../store/bus.ts';
import type { Nodes } from '../store/nodes.ts';
import { createMemoryBus } from '../store/state/memory/bus.ts';
import { createMemoryNodes } from '../store/state/memory/nodes.ts';
import type { Base } from './base.ts';
import type { Closing } from './closing.ts';

/** What nodes share besides what is stored: in one process, its memory. */
export interface State {
  readonly bus: Bus;
  readonly nodes: Nodes;
}

export async function openState({ config, now, onError }: Base, closing: Closing): Promise<State> {
  if (config.store.state !== 'memory') throw new Error('store.state: Redis is not built yet');
  const bus = createMemoryBus(onError);
  closing.add(() => bus.close());
  const nodes = createMemoryNodes(now());
  closing.add(() => nodes.close());
  return { bus, nodes };
}
