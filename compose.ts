import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Removals } from './api/accounts/removals.ts';
import { createAccounts } from './api/auth/accounts.ts';
import { createAuthenticator } from './api/auth/authenticator.ts';
import { SigningKeys } from './api/auth/keys.ts';
import { Revocations } from './api/auth/revocations.ts';
import { Folds } from './api/conversations/folds.ts';
import { ConversationLists } from './api/conversations/lists.ts';
import { GroupEvents } from './api/groups/events.ts';
import { createHttp } from './api/http.ts';
import { createOperations } from './api/operations/table.ts';
import { keepAudit } from './api/operators/audit.ts';
import { Broadcasts } from './api/operators/broadcasts.ts';
import { createRpc } from './api/rpc.ts';
import type { MoveRead } from './api/services.ts';
import { LocalConnections } from './broker/connections.ts';
import type { BrokerContext } from './broker/context.ts';
import { createCustomTopics } from './broker/custom/topics.ts';
import { Claims } from './broker/devices/claims.ts';
import { Sightings } from './broker/devices/sightings.ts';
import { Flusher } from './broker/flusher.ts';
import { Hub } from './broker/hub/hub.ts';
import { sendWillsLeft } from './broker/inbound/will.ts';
import { Presence } from './broker/presence.ts';
import { Registry } from './broker/registry.ts';
import { BrokerServer } from './broker/server.ts';
import { endSessions, expireSessions, forgetDevice, restoreCustom } from './broker/stored.ts';
import type { Compose, Server } from './cli/surroundings.ts';
import { version as versionOf } from './cli/version.ts';
import { registerHealth } from './ops/health.ts';
import type { Log } from './ops/log.ts';
import { createMetrics, type Metrics } from './ops/metrics.ts';
import { countRequests } from './ops/requests.ts';
import { FactsCache } from './policy/facts.ts';
import { Limits } from './policy/limits.ts';
import { Sight } from './policy/presence.ts';
import { Buckets } from './policy/rate.ts';
import { changeWindows } from './policy/send.ts';
import type { Config } from './schemas/config.ts';
import { PetrelError } from './schemas/errors.ts';
import { directConv } from './schemas/event.ts';
import { createMemoryBus } from './store/bus/memory.ts';
import { openSqliteCustom } from './store/custom/sqlite.ts';
import { openMysqlDirectory } from './store/directory/sql/mysql.ts';
import { openSqliteDirectory } from './store/directory/sql/sqlite.ts';
import { lockFile } from './store/lock.ts';
import { openSqliteSessions } from './store/sessions/sqlite.ts';
import { openMongoTimeline } from './store/timeline/mongodb/timeline.ts';
import { openSqliteTimeline } from './store/timeline/sqlite/timeline.ts';
import type { Timeline } from './store/timeline.ts';
import { CommitQueue } from './worker/commit.ts';
import { erase } from './worker/erase.ts';
import { observeModeration } from './worker/moderation/observer.ts';
import { createModeration } from './worker/moderation.ts';
import { ReadCursors } from './worker/read.ts';
import { Sender } from './worker/sender.ts';

// Frames are small and live for a moment: larger slabs mean fewer of them to make and to collect (Node's own are 8 KiB).
Buffer.poolSize = 64 * 1024;

const expireEveryMs = 60_000;

/** What is to be undone, newest first, when the server stops or its start fails. */
class Closing {
  readonly #steps: (() => unknown)[] = [];

  /** The step runs before those that were added earlier. */
  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  async run(): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) await step();
  }
}

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
  const now = Date.now;
  const version = versionOf();
  const metrics = createMetrics();
  const onError = (error: unknown): void => log.error({ err: error }, 'Something failed in the background.');
  const bus = createMemoryBus(onError);

  const stores = await openStores(config, log, closing);
  const { timeline, directory, sessions } = stores;
  const lists = new ConversationLists({ timeline, directory });
  const commit = new CommitQueue({
    timeline,
    observer: {
      committed: (events, seconds) => {
        metrics.batchSize.observe(events);
        metrics.commitSeconds.observe(seconds);
      },
      faulted: onError,
      // What was refused may be stored all the same, and nobody was told of it.
      down: (cause) => {
        lists.clear();
        log.error({ err: cause }, 'The timeline cannot store now; sends are refused with 0x83.');
      },
      up: () => {
        lists.clear();
        log.info('The timeline stores again.');
      },
    },
  });
  const facts = new FactsCache(directory, bus, now);
  const rates = new Buckets(config.limits.sendPerSecond, config.limits.sendBurst, now);
  const moderation = createModeration(config.moderation, observeModeration(metrics.moderation, log));
  closing.add(() => moderation?.close());
  const sender = new Sender({
    facts,
    timeline,
    commit,
    marks: directory,
    directPolicy: config.direct.policy,
    windows: changeWindows(config.messages),
    maxPacketSize: config.mqtt.maxPacketSize,
    rates,
    now,
    ...(moderation !== undefined && { moderate: moderation.moderate }),
    onError,
  });
  closing.add(() => facts.close());
  closing.add(() => sender.drained());

  const keys = await SigningKeys.open({ directory, accessTtl: config.auth.accessTtl, clock: now });
  const revocations = await Revocations.open({
    directory,
    bus,
    accessTtl: config.auth.accessTtl,
    clock: now,
  });
  closing.add(() => revocations.close());
  const authenticator = await createAuthenticator({ auth: config.auth, directory, bus, keys, revocations });

  const groupEvents = new GroupEvents({ directory, committer: commit, bus, onError });
  const accounts = createAccounts({
    auth: config.auth,
    limits: config.limits,
    directory,
    bus,
    keys,
    revocations,
    clock: now,
  });
  const reads = new ReadCursors({
    timeline,
    directory,
    facts,
    bus,
    noticeMembers: config.groups.readNoticeMembers,
    onError,
  });
  closing.add(() => reads.close());
  const read: MoveRead = (conv, uid, seq) => reads.move(conv, uid, seq);
  commit.onEvent((event) => lists.onEvent(event));
  closing.add(bus.subscribe((message) => lists.onBus(message)));
  const registry = new Registry(now);
  const broadcasts = new Broadcasts({ directory, sender, clock: now, onError });
  const removals = new Removals({
    directory,
    timeline,
    bus,
    revocations,
    groupEvents,
    erase: (removal, trace, signal) =>
      erase({ timeline, directory, committer: commit, signal }, removal, trace),
    endSessions: (uid) => endSessions(context, uid),
    clock: now,
    onError,
  });
  const operations = createOperations({
    directory,
    timeline,
    bus,
    sender,
    accounts,
    removals,
    groupEvents,
    maxGroupMembers: config.groups.maxMembers,
    folds: new Folds(timeline),
    moveRead: read,
    lists,
    connections: new LocalConnections({
      registry,
      sessionsOf: (uid) => hub.sessionsOf(uid),
      recordDevices: () => sightings.flush(),
      forget: (uid, did) => forgetDevice(context, uid, did),
    }),
    presenceOf: (asker, uid) => presence.presenceOf(asker, uid),
    broadcasts,
    maxFriends: config.friends.maxFriends,
    clock: now,
  });
  const requestLimits = new Limits(config.limits, now);
  const rpc = createRpc(operations, {
    limits: requestLimits,
    onError: (error, operation) => log.error({ err: error, operation }, 'An operation failed.'),
  });

  const hub: Hub = new Hub({
    timeline,
    sessions,
    bus,
    groupsOf: (uid) => directory.groupsOf(uid),
    clearedOf: (uid) => directory.clearedOf(uid),
    now,
    onError,
    onPresence: (uid) => presence.changed(uid),
  });
  const sight = new Sight({
    policy: config.presence.policy,
    facts,
    talked: async (a, b) => (await timeline.heads([directConv(a, b)]))[0] !== undefined,
  });
  const sessionsOf = (uid: string) => hub.sessionsOf(uid);
  const presence = new Presence({ sessionsOf, sight, directory, bus, now, onError });
  closing.add(() => presence.close());
  const sightings = new Sightings({ directory, bus, now, onError });
  closing.add(() => sightings.close());
  const claims = new Claims({ policy: config.devices.policy, sessionsOf, bus, now });
  closing.add(() => claims.close());
  commit.onEvent((event, rewrites) => hub.onEvent(event, rewrites));
  closing.add(() => hub.close());
  const custom = await createCustomTopics({
    rules: config.topics.custom,
    now,
    onError,
    store: stores.custom,
    version,
    connected: () => registry.size,
  });
  closing.add(() => custom.close());
  await restoreCustom(custom, sessions);

  let open = false;
  const context: BrokerContext = {
    config,
    authenticator,
    sessions,
    timeline,
    bus,
    hub,
    sender,
    moveRead: read,
    custom,
    presence,
    sight,
    sightings,
    claims,
    rpc,
    registry,
    isBanned: async (uid) => (await facts.user(uid)).facts.removed || directory.isBanned(uid, now()),
    flusher: new Flusher(),
    typingRates: new Buckets(config.limits.typingPerSecond, config.limits.typingPerSecond, now),
    connectRates: new Buckets(config.limits.connectPerSecond, config.limits.connectPerSecond * 5, now),
    metrics,
    log,
    now,
    isReady: () => open,
  };
  measure(metrics, context, commit);
  const broker = new BrokerServer(context);

  const ready = async (): Promise<void> => {
    if (!open) throw new PetrelError('connect.not-ready');
    await Promise.all([timeline.check(), directory.check(), sessions.check(), custom.check()]);
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
  closing.add(() => registry.close());
  closing.add(() => broker.close());
  await sendWillsLeft(context);
  const addresses = await broker.listen();
  await http.listen({ host: config.http.host, port: config.http.port });
  const { port } = http.server.address() as AddressInfo;
  const host = config.http.host.includes(':') ? `[${config.http.host}]` : config.http.host;

  groupEvents.start();
  closing.add(() => groupEvents.close());
  removals.start();
  closing.add(() => removals.close());
  broadcasts.start();
  closing.add(() => broadcasts.close());
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

async function openTimeline({ dataDir: dir, store }: Config, log: Log, closing: Closing): Promise<Timeline> {
  if (store.timeline === 'sqlite')
    return openSqliteTimeline({ dir, log: (level, message) => log[level](message) });
  // Sessions are in the folder all the same, and one process has it.
  await mkdir(dir, { recursive: true, mode: 0o700 });
  closing.add(lockFile(join(dir, 'timeline.lock')));
  return openMongoTimeline({ url: store.timeline });
}

async function openStores(config: Config, log: Log, closing: Closing) {
  // The timeline first: it holds the lock on the folder.
  const timeline = await openTimeline(config, log, closing);
  closing.add(() => timeline.close());
  const closed = async <S extends { close(): Promise<void> }>(opening: Promise<S>): Promise<S> => {
    const store = await opening;
    closing.add(() => store.close());
    return store;
  };
  const { dataDir: dir } = config;
  const { directory: url } = config.store;
  const opening = [
    closed(url === 'sqlite' ? openSqliteDirectory({ dir }) : openMysqlDirectory({ url })),
    closed(openSqliteSessions({ dir })),
    closed(openSqliteCustom({ dir })),
  ] as const;
  // Where one fails the others are there to be closed.
  await Promise.allSettled(opening);
  const [directory, sessions, custom] = await Promise.all(opening);
  return { timeline, directory, sessions, custom };
}

/** Numbers that are read when somebody asks for them. */
function measure(metrics: Metrics, { hub }: BrokerContext, commit: CommitQueue): void {
  Object.defineProperties(metrics.hot, {
    deliveries: { get: () => hub.counters.deliveries },
    replayed: { get: () => hub.counters.replayed },
    lagging: { get: () => hub.lagging },
    waiting: { get: () => commit.waiting },
  });
}
