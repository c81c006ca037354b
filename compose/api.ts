import { Removals } from '../api/accounts/removals.ts';
import { Folds } from '../api/conversations/folds.ts';
import { ConversationLists } from '../api/conversations/lists.ts';
import { GroupEvents } from '../api/groups/events.ts';
import { createOperations } from '../api/operations/table.ts';
import { keepAudit } from '../api/operators/audit.ts';
import { Broadcasts } from '../api/operators/broadcasts.ts';
import type { Config } from '../schemas/config.ts';
import type { Bus } from '../store/bus.ts';
import type { Directory } from '../store/directory.ts';
import type { Nodes } from '../store/nodes.ts';
import { openRedisSessions } from '../store/state/redis/sessions.ts';
import type { Timeline } from '../store/timeline.ts';
import { erase } from '../worker/erase.ts';
import type { Sends } from '../worker/sends.ts';
import type { Access } from './access.ts';
import type { Base } from './base.ts';
import type { Brokers } from './broker.ts';
import type { Closing } from './closing.ts';
import { clusterBrokers } from './cluster-brokers.ts';
import type { IdentityParts } from './identity.ts';
import { createPresence } from './presence.ts';
import type { State } from './state.ts';
import type { Stores } from './stores.ts';
import { onWorkerGone } from './worker-gone.ts';

export interface ApiOptions {
  readonly config: Config;
  readonly timeline: Timeline;
  readonly directory: Directory;
  readonly bus: Bus;
  readonly nodes: Pick<Nodes, 'onChange'>;
  readonly access: Access;
  readonly sends: Sends;
  readonly brokers: Brokers;
  readonly identity: Pick<IdentityParts, 'accounts' | 'revocations'>;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

export type Api = ReturnType<typeof createApi>;

/** What users may ask for, at both doors. What works in the background is not started. */
export function createApi(options: ApiOptions, closing: Closing) {
  const { config, timeline, directory, bus, nodes, access, sends, brokers, identity, now, onError } = options;
  const { accounts, revocations } = identity;
  const groupEvents = new GroupEvents({ directory, committer: sends, bus, onError });
  closing.add(() => groupEvents.close());
  const removals = new Removals({
    directory,
    timeline,
    bus,
    revocations,
    groupEvents,
    erase: (removal, trace, signal) =>
      erase({ timeline, directory, committer: sends, signal }, removal, trace),
    endSessions: (uid) => brokers.endSessions(uid),
    clock: now,
    onError,
  });
  closing.add(() => removals.close());
  const broadcasts = new Broadcasts({ directory, sender: sends, clock: now, onError });
  closing.add(() => broadcasts.close());
  const lists = new ConversationLists({
    timeline,
    directory,
    ...(config.store.state !== 'memory' && { bus }),
  });
  closing.add(bus.onEvent((event) => lists.onEvent(event)));
  closing.add(bus.onLoss(() => lists.clear()));
  onWorkerGone(nodes, () => lists.clear(), closing);
  closing.add(bus.subscribe((message) => lists.onBus(message)));
  const operations = createOperations({
    directory,
    timeline,
    bus,
    sender: sends,
    accounts,
    removals,
    groupEvents,
    maxGroupMembers: config.groups.maxMembers,
    folds: new Folds(timeline),
    moveRead: (conv, uid, seq) => access.reads.move(conv, uid, seq),
    lists,
    connections: brokers.connections,
    presenceOf: (asker, uid) => brokers.presenceOf(asker, uid),
    broadcasts,
    maxFriends: config.friends.maxFriends,
    clock: now,
  });
  return {
    groupEvents,
    broadcasts,
    operations,
    /** Takes up what is owed from before. */
    start: () => {
      groupEvents.start();
      removals.start();
      broadcasts.start();
      closing.add(keepAudit({ directory, days: config.audit.keep, clock: now, onError }));
    },
  };
}

/** The API of a node without a broker. */
export async function openApi(
  options: Omit<ApiOptions, 'brokers'> & Base & Stores & { state: State },
  closing: Closing,
): Promise<Api> {
  const { state, bus, now } = options;
  if (state.kind === 'memory') throw new Error('an API without a broker shares its state');
  const { redis, owners, online } = state;
  const sessions = await openRedisSessions({ redis, owners, now });
  closing.add(() => sessions.close());
  const { presence, sightings } = createPresence({ ...options, sessionsOf: () => [] }, closing);
  const brokers = clusterBrokers({ online, sessions, sightings, presence, bus, now }, closing);
  return createApi({ ...options, brokers }, closing);
}
