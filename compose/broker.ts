import type { Services } from '../api/services.ts';
import { LocalConnections } from '../broker/connections.ts';
import type { BrokerContext } from '../broker/context.ts';
import { createCustomTopics } from '../broker/custom/topics.ts';
import { Claims } from '../broker/devices/claims.ts';
import { Sightings } from '../broker/devices/sightings.ts';
import { Flusher } from '../broker/flusher.ts';
import { Hub } from '../broker/hub/hub.ts';
import { tellTyping } from '../broker/inbound/typing.ts';
import { endLost } from '../broker/ownership.ts';
import { LocalStates } from '../broker/presence/local.ts';
import { Presence } from '../broker/presence.ts';
import { Registry } from '../broker/registry.ts';
import { endSessions, forgetDevice, restoreCustom } from '../broker/stored.ts';
import { Unfinished } from '../broker/unfinished.ts';
import { Sight } from '../policy/presence.ts';
import { Buckets } from '../policy/rate.ts';
import { directConv } from '../schemas/event.ts';
import type { Bus } from '../store/bus.ts';
import type { Owners } from '../store/owners.ts';
import type { Sends } from '../worker/sends.ts';
import type { Access } from './access.ts';
import type { Base } from './base.ts';
import type { Closing } from './closing.ts';
import type { Kept, Stores } from './stores.ts';

export interface BrokerOptions extends Base {
  readonly stores: Stores & Kept;
  readonly bus: Bus;
  readonly owners: Owners;
  readonly access: Access;
  readonly sends: Sends;
}

/** What a broker consists of, before it knows who may come in. */
export type BrokerParts = Omit<BrokerContext, 'authenticator' | 'rpc' | 'isReady'>;

export async function createBrokerParts(options: BrokerOptions, closing: Closing): Promise<BrokerParts> {
  const { config, stores, bus, owners, access, sends, metrics, log, version, now, onError } = options;
  const { timeline, directory, sessions } = stores;
  const { facts, routes, sendRates, reads } = access;
  const { limits } = config;
  const hub: Hub = new Hub({
    timeline,
    sessions,
    bus,
    groupsOf: (uid) => directory.groupsOf(uid),
    clearedOf: (uid) => directory.clearedOf(uid),
    now,
    onError,
    onPresence: (uid) => states.changed(uid),
  });
  const sessionsOf = (uid: string) => hub.sessionsOf(uid);
  const sight = new Sight({
    policy: config.presence.policy,
    facts,
    talked: async (a, b) => (await timeline.heads([directConv(a, b)]))[0] !== undefined,
  });
  const states = new LocalStates({ sessionsOf, directory, now });
  const presence = new Presence({ states, sessionsOf, sight, directory, bus, now, onError });
  closing.add(() => presence.close());
  const sightings = new Sightings({ directory, bus, now, onError });
  closing.add(() => sightings.close());
  const claims = new Claims({
    policy: config.devices.policy,
    sessionsOf,
    sessions: () => registry.sessions(),
    bus,
    now,
  });
  closing.add(() => claims.close());
  closing.add(() => hub.close());
  const registry = new Registry(now);
  const unfinished = new Unfinished(registry, (error) =>
    log.error({ err: error }, 'A session was not stored.'),
  );
  closing.add(() => unfinished.close());
  closing.add(endLost({ owners, registry, unfinished }));
  closing.add(tellTyping({ hub, sight }, bus, onError));
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
  return {
    config,
    sessions,
    owners,
    unfinished,
    timeline,
    bus,
    hub,
    sends,
    routes,
    sendRates,
    moveRead: (conv, uid, seq) => reads.move(conv, uid, seq),
    custom,
    presence,
    sight,
    sightings,
    claims,
    registry,
    isBanned: async (uid) => (await facts.user(uid)).facts.removed || directory.isBanned(uid, now()),
    flusher: new Flusher(),
    typingRates: new Buckets(limits.typingPerSecond, limits.typingPerSecond, now),
    connectRates: new Buckets(limits.connectPerSecond, limits.connectPerSecond * 5, now),
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
export const localBrokers = (parts: BrokerParts): Brokers => ({
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
