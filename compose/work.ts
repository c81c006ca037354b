import { NodeRouter } from '../broker/internal/router.ts';
import type { Log } from '../ops/log.ts';
import { does } from '../schemas/config.ts';
import { FarPort } from '../worker/remote/far-port.ts';
import { WorkerNode } from '../worker/remote/node.ts';
import { RemoteSends } from '../worker/remote/sends.ts';
import type { Sends } from '../worker/sends.ts';
import type { Access } from './access.ts';
import type { Base } from './base.ts';
import type { Closing } from './closing.ts';
import type { IdentityParts } from './identity.ts';
import type { RedisState } from './redis-state.ts';
import type { Worker } from './worker.ts';

export interface WorkOptions extends Base {
  readonly state: RedisState;
  readonly access: Access;
  readonly identity: Pick<IdentityParts, 'nodeToken'>;
}

/** The way of this node's sends to whichever workers there are, and of other nodes' sends to its own worker. */
export interface Work {
  /** Absent in a node that is a worker alone. */
  readonly sends?: Sends;
  /** Of a node with a broker: where workers and nodes without one connect. */
  readonly router?: NodeRouter;
  /** Of a node with a worker; not started. */
  readonly node?: WorkerNode;
}

export function openWork(options: WorkOptions, worker: Worker | undefined, closing: Closing): Work {
  return {
    ...(worker !== undefined && { node: openNode(options, worker, closing) }),
    ...(options.role !== 'worker' && openSends(options, closing)),
  };
}

/** A broker that stops is an everyday thing; one that cannot be reached is not, and looks the same for a while. */
const tellOf =
  (log: Log) =>
  (error: unknown, broker: string | undefined): void =>
    log.warn({ err: error, broker }, 'There is no link to a broker; it is tried again.');

function openSends(options: WorkOptions, closing: Closing): Work {
  const { role, state, access, identity, log, onError } = options;
  const { nodes } = state;
  const ends = { node: nodes.self.id, door: access.door, onError };
  if (does(role, 'broker')) {
    const router = new NodeRouter({ onLost: (node) => nodes.suspect(node) });
    return { router, sends: new RemoteSends({ ...ends, port: router }) };
  }
  const port = new FarPort({ nodes, token: identity.nodeToken, onError, onLinkDown: tellOf(log) });
  closing.add(() => port.close());
  return { sends: new RemoteSends({ ...ends, port }) };
}

function openNode(
  { role, state, identity, log, metrics, onError }: WorkOptions,
  { commit, sender }: Worker,
  closing: Closing,
): WorkerNode {
  const { nodes } = state;
  const node = new WorkerNode({
    ...{ nodes, sender, token: identity.nodeToken, onError },
    onLinkDown: tellOf(log),
  });
  Object.defineProperty(metrics.hot, 'partitions', { get: () => node.held.size });
  // Where there is a broker, too, what waits is what it was given.
  if (role === 'worker') Object.defineProperty(metrics.hot, 'waiting', { get: () => commit.waiting });
  closing.add(async () => {
    // What the own broker had in hand is answered; what others give now is for those who stay.
    await nodes.close();
    await node.close();
  });
  return node;
}
