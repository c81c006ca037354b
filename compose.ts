import { ConversationLists } from './api/conversations/lists.ts';
import { keepAudit } from './api/operators/audit.ts';
import { createRpc } from './api/rpc.ts';
import type { BrokerContext } from './broker/context.ts';
import { sendWillsLeft } from './broker/inbound/will.ts';
import { BrokerServer } from './broker/server.ts';
import { expireSessions } from './broker/stored.ts';
import type { Compose, Server } from './cli/surroundings.ts';
import { createAccess } from './compose/access.ts';
import { createApi } from './compose/api.ts';
import { createBase } from './compose/base.ts';
import { createBrokerParts, localBrokers } from './compose/broker.ts';
import { Closing } from './compose/closing.ts';
import { addressOf, openHttp } from './compose/http.ts';
import { createIdentity } from './compose/identity.ts';
import { openState } from './compose/state.ts';
import { openKept, openStores } from './compose/stores.ts';
import { createWorker } from './compose/worker.ts';
import type { Log } from './ops/log.ts';
import type { Metrics } from './ops/metrics.ts';
import { Limits } from './policy/limits.ts';
import type { Config, Role } from './schemas/config.ts';
import { PetrelError } from './schemas/errors.ts';
import type { CommitObserver, CommitQueue } from './worker/commit.ts';
import { observeModeration } from './worker/moderation/observer.ts';

// Frames are small and live for a moment: larger slabs mean fewer of them to make and to collect (Node's own are 8 KiB).
Buffer.poolSize = 64 * 1024;

const expireEveryMs = 60_000;

/** The one place that chooses implementations and wires the roles. */
export const compose: Compose = async (config, { role, log }) => {
  const closing = new Closing();
  try {
    return await start(config, role, log, closing);
  } catch (error) {
    await closing.run();
    throw error;
  }
};

async function start(config: Config, role: Role, log: Log, closing: Closing): Promise<Server> {
  const base = createBase(config, role, log);
  const { metrics, now, onError } = base;
  const { timeline, directory } = await openStores(base, closing);
  const state = await openState(base, closing);
  if (state.kind !== 'memory') throw new Error('store.state: Redis is not built yet');
  const { bus, owners } = state;
  const stores = { timeline, directory, ...(await openKept(base, closing)) };
  const shared = { ...base, timeline, directory, bus };
  const lists = new ConversationLists({ timeline, directory });
  const access = createAccess(shared, closing);
  const worker = createWorker(
    {
      ...shared,
      access,
      commitObserver: observeCommits(metrics, log, lists, onError),
      moderationObserver: observeModeration(metrics.moderation, log),
    },
    closing,
  );
  const sends = worker.sender;
  worker.commit.onEvent((event, rewrites) => bus.publishEvent(event, rewrites));
  const parts = await createBrokerParts({ ...base, stores, bus, owners, access, sends }, closing);
  closing.add(bus.onEvent((event, rewrites, topic) => parts.hub.onEvent(event, rewrites, topic)));
  const identity = await createIdentity(shared, closing);
  const brokers = localBrokers(parts);
  const api = createApi({ ...shared, access, sends, lists, identity, brokers }, closing);
  const requestLimits = new Limits(config.limits, now);
  const rpc = createRpc(api.operations, {
    limits: requestLimits,
    onError: (error, operation) => log.error({ err: error, operation }, 'An operation failed.'),
  });
  let open = false;
  const context: BrokerContext = {
    ...parts,
    authenticator: identity.authenticator,
    rpc,
    isReady: () => open,
  };
  measure(metrics, context, worker.commit);
  const broker = new BrokerServer(context);

  const ready = async (): Promise<void> => {
    if (!open) throw new PetrelError('connect.not-ready');
    const checked = [timeline, directory, stores.sessions, context.custom, bus];
    await Promise.all(checked.map((store) => store.check()));
  };
  const { operations } = api;
  const http = await openHttp(base, { identity, operations, requestLimits, ready }, closing);
  broker.attachTo(http.server, config.http);
  closing.add(() => context.registry.close());
  closing.add(() => broker.close());
  await sendWillsLeft(context);
  const addresses = await broker.listen();
  await http.listen({ host: config.http.host, port: config.http.port });
  const httpAddress = addressOf(http, config.http.host);

  api.start();
  closing.add(keepAudit({ directory, days: config.audit.keep, clock: now, onError }));
  const expiring = setInterval(() => void expireSessions(context).catch(onError), expireEveryMs);
  closing.add(() => clearInterval(expiring));
  open = true;
  return {
    addresses: [...addresses, `ws://${httpAddress}/mqtt`, `http://${httpAddress}`],
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
