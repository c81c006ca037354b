import { randomUUID } from 'node:crypto';
import type { NodeInfo, Nodes } from '../../nodes.ts';

/** The nodes of a server that is one process: itself. */
export function createMemoryNodes(startedAt: number): Nodes {
  let self: NodeInfo = { id: randomUUID(), role: 'all', startedAt };
  return {
    get self() {
      return self;
    },
    live: () => new Map([[self.id, self]]),
    onChange: () => () => {},
    onExpired: () => () => {},
    suspect: () => {},
    announce: async (part) => {
      self = { ...self, ...part };
    },
    close: () => Promise.resolve(),
  };
}
