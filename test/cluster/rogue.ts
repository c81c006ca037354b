import { createAccess } from '../../compose/access.ts';
import { createBase } from '../../compose/base.ts';
import { Closing } from '../../compose/closing.ts';
import { createIdentity } from '../../compose/identity.ts';
import { openState } from '../../compose/state.ts';
import { openStores } from '../../compose/stores.ts';
import { openWorker } from '../../compose/worker.ts';
import { createLog } from '../../ops/log.ts';
import { createConfig } from '../../schemas/config.ts';
import type { NodeInfo, Nodes } from '../../store/nodes.ts';
import { secret } from '../support/token.ts';
import type { Cluster, Node } from './cluster.ts';

export interface Rogue {
  /** How many events it has stored. */
  readonly stored: number;
  close(): Promise<void>;
}

/**
 * A worker that knows of one broker and of no other worker: it believes that it has every partition there is, and takes the
 * work of that broker, while the cluster's own workers take that of the others. In this process.
 */
export async function startRogue(cluster: Cluster, broker: Node): Promise<Rogue> {
  const { mariadb, mongodb, redis } = cluster;
  const config = createConfig({
    store: {
      timeline: mongodb.url(mongodb.port),
      directory: mariadb.url(mariadb.port),
      state: redis.url(redis.port),
    },
    auth: { secret },
    limits: { sendPerSecond: 0 },
  });
  // Nobody counts an api as one of the workers.
  const base = createBase(config, 'api', createLog({ level: 'fatal', pretty: false }));
  const closing = new Closing();
  try {
    const stores = await openStores(base, closing);
    const state = await openState(base, closing);
    const parts = { ...base, ...stores, ...state, state };
    const access = createAccess(parts, closing);
    const { nodeToken } = await createIdentity(parts, closing);
    const worker = openWorker({ ...parts, access }, closing);
    let stored = 0;
    worker.commit.onEvent(() => {
      stored++;
    });
    const port = String(broker.petrel.port('mqtt'));
    const known = [...state.nodes.live().values()].filter(({ mqtt }) => mqtt?.endsWith(`:${port}`));
    const { WorkerNode } = await import('../../worker/remote/node.ts');
    const node = new WorkerNode({
      nodes: blindered(state.nodes.self, known),
      sender: worker.sender,
      token: nodeToken,
      onError: () => {},
    });
    node.start();
    closing.add(() => node.close());
    return {
      get stored() {
        return stored;
      },
      close: () => closing.run(),
    };
  } catch (error) {
    await closing.run();
    throw error;
  }
}

/** Of all nodes there are these, for ever. */
function blindered(
  self: NodeInfo,
  known: readonly NodeInfo[],
): Pick<Nodes, 'self' | 'live' | 'onChange' | 'onExpired' | 'suspect'> {
  const worker: NodeInfo = { ...self, role: 'worker' };
  const live = new Map([worker, ...known].map((info) => [info.id, info]));
  const ignore = () => () => {};
  return { self: worker, live: () => live, onChange: ignore, onExpired: ignore, suspect: () => {} };
}
