import type { AddressInfo } from 'node:net';
import { ConversationLists } from './api/conversations/lists.ts';
import { createHttp } from './api/http.ts';
import { keepAudit } from './api/operators/audit.ts';
import { createRpc } from './api/rpc.ts';
import type { BrokerContext } from './broker/context.ts';
import { sendWillsLeft } from './broker/inbound/will.ts';
import { BrokerServer } from './broker/server.ts';
import { expireSessions } from './broker/stored.ts';
import type { Compose, Server } from './cli/surroundings.ts';
import { version as versionOf } from './cli/version.ts';
import { createApi } from './compose/api.ts';
import { createBrokerParts, localBrokers } from './compose/broker.ts';
import { Closing } from './compose/closing.ts';
import { createIdentity } from './compose/identity.ts';
import { openStores } from './compose/stores.ts';
import { createWorker } from './compose/worker.ts';
import { registerHealth } from './ops/health.ts';
import type { Log } from './ops/log.ts';
import { createMetrics, type Metrics } from './ops/metrics.ts';
import { countRequests } from './ops/requests.ts';
import { Limits } from './policy/limits.ts';
import type { Config } from './schemas/config.ts';
import { PetrelError } from './schemas/errors.ts';
import { createMemoryBus } from './store/state/memory/bus.ts';
import type { CommitObserver, CommitQueue } from './worker/commit.ts';
import { observeModeration } from './worker/moderation/observer.ts';

// Frames are small and live for a moment: larger slabs mean fewer of them to make and to collect (Node's own are 8 KiB).
Buffer.poolSize = 64 * 1024;

const expireEveryMs = 60_000;

/** The one place that chooses implementations and wires the roles. */
export const compose: Compose = async (config, { log }) => {
  const closing = new Closing();
  try {
    return await start(config, log, closing);
  } catch (error) {
    await closing.run();
    throw error;
  }
};

async function start(config: Config, log: Log, closing: Closing): Promise<Server> {
  if (config.store.state !== 'memory') throw new Error('store.state: Redis is not built yet');
  const now = Date.now;
  const version = versionOf();
  const metrics = createMetrics();
  const onError = (error: unknown): void => log.error({ err: error }, 'Something failed in the background.');
  const bus = createMemoryBus(onError);
  const stores = await openStores(config, log, closing);
  const { timeline, directory } = stores;
  const lists = new ConversationLists({ timeline, directory });
  const shared = { config, timeline, directory, bus, now, onError };
  const worker = createWorker(
    {
      ...shared,
      commitObserver: observeCommits(metrics, log, lists, onError),
      moderationObserver: observeModeration(metrics.moderation, log),
    },
    closing,
  );
  const parts = await createBrokerParts(
    { config, stores, bus, worker, metrics, log, version, now, onError },
    closing,
  );
  const identity = await createIdentity(shared, closing);
  const { authenticator, keys } = identity;
  const api = createApi({ ...shared, worker, lists, identity, brokers: localBrokers(parts) }, closing);
  const { operations } = api;
  worker.commit.onEvent((event, rewrites) => bus.publishEvent(event, rewrites));
  bus.onEvent((event, rewrites) => parts.hub.onEvent(event, rewrites));
  const requestLimits = new Limits(config.limits, now);
  const rpc = createRpc(operations, {
    limits: requestLimits,
    onError: (error, operation) => log.error({ err: error, operation }, 'An operation failed.'),
  });
  let open = false;
  const context: BrokerContext = { ...parts, authenticator, rpc, isReady: () => open };
  measure(metrics, context, worker.commit);
  const broker = new BrokerServer(context);

  const ready = async (): Promise<void> => {
    if (!open) throw new PetrelError('connect.not-ready');
    const checked = [timeline, directory, stores.sessions, context.custom];
    await Promise.all(checked.map((store) => store.check()));
  };
  const http = await createHttp({
    config,
    operations,
    authenticator,
    keys,
    version,
    requestLimits,
    // Fastify tells each of its addresses; the ready line names them all.
    log: log.isLevelEnabled('info') ? log.child({}, { level: 'warn' }) : log,
    register: (fastify) => {
      countRequests(fastify, metrics, operations);
      registerHealth(fastify, { ready, registry: metrics.registry });
    },
  });
  closing.add(() => http.close());
  broker.attachTo(http.server, config.http);
  closing.add(() => context.registry.close());
  closing.add(() => broker.close());
  await sendWillsLeft(context);
  const addresses = await broker.listen();
  await http.listen({ host: config.http.host, port: config.http.port });
  const { port } = http.server.address() as AddressInfo;
  const host = config.http.host.includes(':') ? `[${config.http.host}]` : config.http.host;

  api.start();
  closing.add(keepAudit({ directory, days: config.audit.keep, clock: now, onError }));
  const expiring = setInterval(() => void expireSessions(context).catch(onError), expireEveryMs);
  closing.add(() => clearInterval(expiring));
  open = true;
  return {
    addresses: [...addresses, `ws://${host}:${port}/mqtt`, `http://${host}:${port}`],
    close: () => {
      open = false;
      return closing.run();
    },
  };
}

/** Commits are counted, and the log is told when the timeline begins to refuse, and when it works again. */
const observeCommits = (
  metrics: Metrics,
  log: Log,
  lists: ConversationLists,
  faulted: (error: unknown) => void,
): CommitObserver => ({
  committed: (events, seconds) => {
    metrics.batchSize.observe(events);
    metrics.commitSeconds.observe(seconds);
  },
  faulted,
  // What was refused may be stored all the same, and nobody was told of it.
  down: (cause) => {
    lists.clear();
    log.error({ err: cause }, 'The timeline cannot store now; sends are refused with 0x83.');
  },
  up: () => {
    lists.clear();
    log.info('The timeline stores again.');
  },
});

/** Numbers that are read when somebody asks for them. */
function measure(metrics: Metrics, { hub }: BrokerContext, commit: CommitQueue): void {
  Object.defineProperties(metrics.hot, {
    deliveries: { get: () => hub.counters.deliveries },
    replayed: { get: () => hub.counters.replayed },
    lagging: { get: () => hub.lagging },
    waiting: { get: () => commit.waiting },
  });
}
