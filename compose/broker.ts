import type { Server } from 'node:http';
import { createRpc } from '../api/rpc.ts';
import type { Services } from '../api/services.ts';
import { LocalConnections } from '../broker/connections.ts';
import type { BrokerContext } from '../broker/context.ts';
import { Claims } from '../broker/devices/claims.ts';
import { Flusher } from '../broker/flusher.ts';
import { Hub } from '../broker/hub/hub.ts';
import { tellTyping } from '../broker/inbound/typing.ts';
import type { NodeRouter } from '../broker/internal/router.ts';
import { endLost } from '../broker/ownership.ts';
import { Registry } from '../broker/registry.ts';
import { BrokerServer } from '../broker/server.ts';
import { endThose } from '../broker/standing.ts';
import { endSessions, expireSessions, forgetDevice } from '../broker/stored.ts';
import { Unfinished } from '../broker/unfinished.ts';
import type { Limits } from '../policy/limits.ts';
import type { Sends } from '../worker/sends.ts';
import type { Access } from './access.ts';
import { type Api, createApi } from './api.ts';
import type { Base } from './base.ts';
import type { Closing } from './closing.ts';
import { clusterBrokers } from './cluster-brokers.ts';
import type { IdentityParts } from './identity.ts';
import { type Keeping, openKeeping } from './keeping.ts';
import { createPresence } from './presence.ts';
import type { State } from './state.ts';
import type { Stores } from './stores.ts';
import { onWorkerGone } from './worker-gone.ts';

const expireEveryMs = 60_000;

/** Stores that many nodes write to are the ones that run out first. */
const sharedPace = { positionsEvery: 5, groupsEvery: 3 };

export interface BrokerOptions extends Base, Stores {
  readonly state: State;
  readonly access: Access;
  readonly sends: Sends;
  readonly identity: IdentityParts;
  /** The way of nodes to each other; absent where there are no others. */
  readonly router?: NodeRouter | undefined;
}

/** What a broker consists of, before it can be asked for operations. */
export interface BrokerParts extends Omit<BrokerContext, 'rpc' | 'isReady'> {
  readonly adopt: Keeping['adopt'];
}

export async function createBrokerParts(options: BrokerOptions, closing: Closing): Promise<BrokerParts> {
  const { config, timeline, directory, state, access, sends, identity, router } = options;
  const { metrics, log, now, onError } = options;
  const { bus, owners, buckets } = state;
  const { facts, routes, sendRates, reads } = access;
  const { limits } = config;
  const registry = new Registry(now);
  const connected = () => registry.size;
  const { sessions, custom, adopt } = await openKeeping({ ...options, connected }, closing);
  const hub: Hub = new Hub({
    timeline,
    sessions,
    bus,
    groupsOf: (uid) => directory.groupsOf(uid),
    clearedOf: (uid) => directory.clearedOf(uid),
    now,
    onError,
    onPresence: (uid) => changed(uid),
    ...(state.kind === 'redis' && { pace: sharedPace }),
  });
  const sessionsOf = (uid: string) => hub.sessionsOf(uid);
  const { sight, presence, sightings, changed } = createPresence({ ...options, sessionsOf }, closing);
  const claims = new Claims({
    policy: config.devices.policy,
    sessionsOf,
    sessions: () => registry.sessions(),
    bus,
    now,
  });
  closing.add(() => claims.close());
  closing.add(() => hub.close());
  const unfinished = new Unfinished(registry, (error) =>
    log.error({ err: error }, 'A session was not stored.'),
  );
  closing.add(() => unfinished.close());
  closing.add(endLost({ owners, registry, unfinished }));
  closing.add(tellTyping({ hub, sight }, bus, onError));
  identity.revocations.onEnded((ended) => endThose({ hub, registry }, ended));
  return {
    config,
    authenticator: identity.authenticator,
    sessions,
    owners,
    unfinished,
    timeline,
    bus,
    hub,
    sends,
    ...(router !== undefined && { router }),
    routes,
    sendRates,
    moveRead: (conv, uid, seq) => reads.move(conv, uid, seq),
    custom,
    adopt,
    presence,
    sight,
    ...(state.kind === 'redis' && { online: state.online }),
    sightings,
    claims,
    registry,
    isBanned: async (uid) => (await facts.user(uid)).facts.removed || directory.isBanned(uid, now()),
    flusher: new Flusher(),
    typingRates: buckets('typing', limits.typingPerSecond, limits.typingPerSecond),
    connectRates: buckets('connect', limits.connectPerSecond, limits.connectPerSecond * 5),
    metrics,
    log,
    now,
  };
}

/** What the API asks brokers. */
export type Brokers = Pick<Services, 'connections' | 'presenceOf'> & {
  /** Ends what is stored of the user's sessions. */
  endSessions(uid: string): Promise<void>;
};

/** The brokers of a server that is one process. */
export const localBrokers = (parts: Omit<BrokerParts, 'adopt'>): Brokers => ({
  connections: new LocalConnections({
    registry: parts.registry,
    sessionsOf: (uid) => parts.hub.sessionsOf(uid),
    bus: parts.bus,
    recordDevices: () => parts.sightings.flush(),
    forget: (uid, did) => forgetDevice(parts, uid, did),
  }),
  presenceOf: (asker, uid) => parts.presence.presenceOf(asker, uid),
  endSessions: (uid) => endSessions(parts, uid),
});

export interface BrokerRoleOptions extends BrokerOptions {
  readonly requestLimits: Limits;
  readonly isReady: () => boolean;
}

/** A broker that does not listen yet. */
export interface Broker {
  readonly api: Api;
  /** What it needs beside the stores. */
  readonly checked: readonly { check(): Promise<void> }[];
  /** Opens the doors for MQTT; answers the addresses. */
  listen(http: Server): Promise<string[]>;
  /** Sees to what goes on by itself. */
  start(): void;
}

export async function openBroker(options: BrokerRoleOptions, closing: Closing): Promise<Broker> {
  const { config, state, sends, requestLimits, isReady, metrics, log, onError } = options;
  const { bus, nodes } = state;
  const { adopt, ...parts } = await createBrokerParts(options, closing);
  const { hub, sessions, custom, registry } = parts;
  closing.add(bus.onEvent((event, rewrites, topic) => hub.onEvent(event, rewrites, topic)));
  onWorkerGone(nodes, () => hub.replay(), closing);
  const brokers =
    state.kind === 'redis'
      ? clusterBrokers({ ...parts, online: state.online }, closing)
      : localBrokers(parts);
  const api = createApi({ ...options, bus, nodes, brokers }, closing);
  const rpc = createRpc(api.operations, {
    limits: requestLimits,
    onError: (error, operation) => log.error({ err: error, operation }, 'An operation failed.'),
  });
  const context: BrokerContext = { ...parts, rpc, isReady };
  Object.defineProperties(metrics.hot, {
    deliveries: { get: () => hub.counters.deliveries },
    replayed: { get: () => hub.counters.replayed },
    lagging: { get: () => hub.lagging },
    waiting: { get: () => sends.waiting },
  });
  const hasOthers = (): boolean =>
    [...nodes.live().values()].some(({ id, mqtt }) => mqtt !== undefined && id !== nodes.self.id);
  const server = new BrokerServer(context, { hasOthers });
  return {
    api,
    checked: [sessions, custom],
    async listen(http) {
      server.attachTo(http, config.http);
      closing.add(() => registry.close());
      closing.add(() => server.close());
      await adopt(context, closing);
      return server.listen();
    },
    start() {
      const expiring = setInterval(() => void expireSessions(context).catch(onError), expireEveryMs);
      closing.add(() => clearInterval(expiring));
    },
  };
}
