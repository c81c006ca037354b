import { ClusterConnections } from '../broker/cluster-connections.ts';
import type { Sightings } from '../broker/devices/sightings.ts';
import { Endings } from '../broker/endings.ts';
import type { Presence } from '../broker/presence.ts';
import type { Bus } from '../store/bus.ts';
import type { Online } from '../store/online.ts';
import type { SessionStore } from '../store/sessions.ts';
import type { Brokers } from './broker.ts';
import type { Closing } from './closing.ts';

export interface ClusterBrokersOptions {
  readonly online: Online;
  readonly sessions: SessionStore;
  readonly sightings: Sightings;
  readonly presence: Presence;
  readonly bus: Bus;
  readonly now: () => number;
}

/** The brokers of a cluster, asked from a node that may have none. */
export function clusterBrokers(options: ClusterBrokersOptions, closing: Closing): Brokers {
  const { online, sessions, sightings, presence, bus, now } = options;
  const endings = new Endings({ online, bus, now });
  closing.add(() => endings.close());
  const connections = new ClusterConnections({ online, sessions, sightings, endings, now });
  return {
    connections,
    presenceOf: (asker, uid) => presence.presenceOf(asker, uid),
    endSessions: (uid) => connections.endSessions(uid),
  };
}
