import type { ConnectionInfo } from '../schemas/connection.ts';
import type { End } from '../store/bus.ts';
import type { Online } from '../store/online.ts';
import { NotTheOwner } from '../store/owners.ts';
import type { SessionStore } from '../store/sessions.ts';
import type { Seen } from './devices/sightings.ts';
import type { Endings } from './endings.ts';

export interface ClusterConnectionsOptions {
  readonly online: Pick<Online, 'of' | 'list'>;
  readonly sessions: Pick<SessionStore, 'sessionsOf' | 'get' | 'put'>;
  readonly sightings: {
    came(seen: Seen): void;
    flush(): Promise<void>;
  };
  readonly endings: Pick<Endings, 'end'>;
  readonly now: () => number;
}

/** Nodes write down the devices that came once a second; after this long it was done, or the directory is away. */
const recordedMs = 10_000;

/** The connections of all nodes, as operators and device lists ask for them, on a node that may have none itself. */
export class ClusterConnections {
  readonly #options: ClusterConnectionsOptions;

  constructor(options: ClusterConnectionsOptions) {
    this.#options = options;
  }

  async devicesOf(uid: string): Promise<readonly ConnectionInfo[]> {
    const { online, sightings, now } = this.#options;
    const found = await online.of(uid);
    const recent = now() - recordedMs;
    for (const { clientId, did, platform, since } of found)
      if (since > recent) sightings.came({ clientId, did, platform, user: { uid } });
    await sightings.flush();
    return found;
  }

  list(input: {
    readonly uid?: string;
    readonly after: string;
    readonly limit: number;
  }): Promise<readonly ConnectionInfo[]> {
    return this.#options.online.list(input);
  }

  end(end: End): Promise<void> {
    return this.#options.endings.end(end);
  }

  /** Those that are connected end with their connections, which the `end` that follows tells every node. */
  forget(uid: string, did: string): Promise<void> {
    return endStored(this.#options.sessions, uid, did);
  }

  endSessions(uid: string): Promise<void> {
    return endStored(this.#options.sessions, uid);
  }
}

/**
 * The user's stored sessions (of one device, where given) are over from now on: a node with a broker takes away what is
 * left of them, with what waits for them, when it looks for sessions that have expired. What is connected stays its node's.
 */
async function endStored(
  sessions: ClusterConnectionsOptions['sessions'],
  uid: string,
  did?: string,
): Promise<void> {
  for (const { clientId, did: known = clientId } of await sessions.sessionsOf(uid)) {
    if (did !== undefined && known !== did) continue;
    const session = await sessions.get(uid, clientId);
    if (session === undefined) continue;
    try {
      await sessions.put({ ...session, expirySeconds: 0, disconnectedAt: 0 });
    } catch (error) {
      if (!(error instanceof NotTheOwner)) throw error;
    }
  }
}
