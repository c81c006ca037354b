import type { BrokerContext } from '../../../broker/context.ts';
import { Flusher } from '../../../broker/flusher.ts';
import { NodeRouter } from '../../../broker/internal/router.ts';
import { Registry } from '../../../broker/registry.ts';
import { BrokerServer } from '../../../broker/server.ts';
import { createMetrics } from '../../../ops/metrics.ts';
import { Buckets } from '../../../policy/rate.ts';
import { createConfig } from '../../../schemas/config.ts';
import { PetrelError } from '../../../schemas/errors.ts';
import type { NodeInfo } from '../../../store/nodes.ts';
import { Door } from '../../../worker/door.ts';
import { FarPort } from '../../../worker/remote/far-port.ts';
import { WorkerNode } from '../../../worker/remote/node.ts';
import { RemoteSends } from '../../../worker/remote/sends.ts';
import type { Sender } from '../../../worker/sender.ts';
import { startProxy, type TcpProxy } from '../../servers/proxy.ts';
import { type SenderFixture, type SenderFixtureOptions, startSender } from '../fixture.ts';
import { Membership } from './membership.ts';

const keepAliveSeconds = 1;
export const testNodeToken = 'the token of nodes';

export interface TestBroker {
  readonly id: string;
  readonly sends: RemoteSends;
  readonly router: NodeRouter;
  readonly server: BrokerServer;
  readonly url: string;
  /** The nodes that it lost without a goodbye. */
  readonly lost: readonly string[];
  end(): Promise<void>;
}

export interface TestWorker {
  readonly info: NodeInfo;
  readonly node: WorkerNode;
  readonly sender: Sender;
  /** The worker's way to each broker. */
  readonly ways: ReadonlyMap<string, TcpProxy>;
  /** Its process dies: it is heard of no more, and its lease runs out. */
  kill(): Promise<void>;
}

export interface TestCluster {
  readonly store: SenderFixture;
  readonly membership: Membership;
  /** `drained`: when it is stopped, its sends are done by then. */
  broker(id: string, drained?: Promise<void>): Promise<TestBroker>;
  worker(id: string): Promise<TestWorker>;
  /** The sends of a node without a broker. */
  api(id: string): Promise<RemoteSends>;
  end(): Promise<void>;
}

/** Brokers, workers and API nodes in one process, over real sockets and on one real timeline. */
export async function startCluster(
  options: SenderFixtureOptions & { readonly patienceMs?: number } = {},
): Promise<TestCluster> {
  const store = await startSender(options);
  const membership = new Membership();
  const ends: (() => unknown)[] = [];
  const brokers = new Map<string, TestBroker>();
  const onError = () => {};
  const token = async () => testNodeToken;
  const door = new Door({ rates: new Buckets(0, 0, Date.now), maxPacketSize: 262_144 });
  const sendsOf = (node: string, port: NodeRouter | FarPort): RemoteSends =>
    new RemoteSends({
      node,
      port,
      door,
      onError: (error) => {
        throw error;
      },
      ...(options.patienceMs !== undefined && { patienceMs: options.patienceMs }),
    });

  return {
    store,
    membership,
    async broker(id, drained) {
      const lost: string[] = [];
      const router = new NodeRouter({ onLost: (node) => lost.push(node) });
      const context = contextOf(router, drained);
      const server = new BrokerServer(context);
      const [url] = await server.listen();
      const sends = sendsOf(id, router);
      const end = async (): Promise<void> => {
        brokers.delete(id);
        membership.leave(id);
        router.close();
        context.registry.close();
        await server.close();
      };
      ends.push(() => (brokers.has(id) ? end() : undefined));
      const broker = { id, sends, router, server, url: url!, lost, end };
      brokers.set(id, broker);
      membership.join({ id, role: 'broker', mqtt: url!, startedAt: 1 });
      return broker;
    },
    async worker(id) {
      const ways = new Map<string, TcpProxy>();
      for (const { id: broker, url } of brokers.values()) {
        const way = await startProxy(Number(new URL(url).port));
        ways.set(broker, way);
        ends.push(() => way.close());
      }
      const info: NodeInfo = { id, role: 'worker', startedAt: 1 };
      const nodes = membership.join(info, (seen) => {
        const way = ways.get(seen.id);
        return way === undefined ? seen : { ...seen, mqtt: `mqtt://127.0.0.1:${way.port}` };
      });
      const sender = store.restarted();
      const node = new WorkerNode({ nodes, sender, token, onError, handOverMs: 30, keepAliveSeconds });
      node.start();
      let isEnded = false;
      const end = async (): Promise<void> => {
        if (isEnded) return;
        isEnded = true;
        await node.close();
      };
      ends.push(end);
      return {
        info,
        node,
        sender,
        ways,
        async kill() {
          for (const way of ways.values()) way.swallow();
          for (const way of ways.values()) way.cut();
          membership.leave(id);
          await end();
        },
      };
    },
    async api(id) {
      const nodes = membership.join({ id, role: 'api', startedAt: 1 });
      const port = new FarPort({ nodes, token, onError, keepAliveSeconds });
      ends.push(() => port.close());
      return sendsOf(id, port);
    },
    async end() {
      for (const end of ends.reverse()) await end();
      await store.end();
    },
  };
}

/** What a broker needs to serve other nodes. */
const contextOf = (router: NodeRouter, drained?: Promise<void>): BrokerContext => {
  const ignore = () => {};
  const parts: Partial<BrokerContext> = {
    config: createConfig({ mqtt: { host: '127.0.0.1', port: 0, maxHalfOpen: 1000 } }),
    router,
    registry: new Registry(Date.now),
    metrics: createMetrics(),
    flusher: new Flusher(),
    sends: { drained: async () => drained } as BrokerContext['sends'],
    authenticator: {
      verify: async () => {
        throw new PetrelError('auth.bad-token');
      },
      verifyNode: async (token) => {
        if (token !== testNodeToken) throw new PetrelError('auth.bad-token');
      },
      recheck: async () => {},
    },
    connectRates: new Buckets(0, 0, Date.now),
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore } as unknown as BrokerContext['log'],
    now: Date.now,
    // Clients are nobody's here.
    isReady: () => false,
  };
  return parts as BrokerContext;
};
