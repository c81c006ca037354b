import type { ConnectionInfo } from '../schemas/connection.ts';
import type { Bus, End } from '../store/bus.ts';
import type { Connection } from './connection.ts';
import type { Session } from './hub/session.ts';
import type { Registry } from './registry.ts';

const keyOf = (connection: Connection): string | undefined =>
  connection.isOpen ? connection.accepted?.key : undefined;

/** Of a connection that is accepted. */
export function infoOf(connection: Connection): ConnectionInfo {
  const { identity, session } = connection.accepted!;
  return {
    uid: identity.uid,
    clientId: session.clientId,
    did: session.did,
    ...(identity.platform !== undefined && { platform: identity.platform }),
    address: connection.address,
    protocol: connection.version,
    transport: connection.transport.kind,
    since: connection.openedAt,
  };
}

export interface LocalConnectionsOptions {
  readonly registry: Pick<Registry, 'connections' | 'connectionOf'>;
  /** The user's sessions on this node. */
  readonly sessionsOf: (uid: string) => readonly Session[];
  readonly bus: Pick<Bus, 'publish'>;
  /** Writes to the directory which devices came and went. */
  readonly recordDevices: () => Promise<void>;
  /** Takes away what is stored of a device's sessions. */
  readonly forget: (uid: string, did: string) => Promise<void>;
}

/** The open connections of this node, as operators and device lists ask for them; nothing is kept for it. */
export class LocalConnections {
  readonly #options: LocalConnectionsOptions;

  constructor(options: LocalConnectionsOptions) {
    this.#options = options;
  }

  async devicesOf(uid: string): Promise<ConnectionInfo[]> {
    await this.#options.recordDevices();
    return this.#options.sessionsOf(uid).flatMap(({ clientId }) => {
      const connection = this.#options.registry.connectionOf(`${uid}/${clientId}`);
      return connection?.isOpen ? [infoOf(connection)] : [];
    });
  }

  forget(uid: string, did: string): Promise<void> {
    return this.#options.forget(uid, did);
  }

  async end(end: End): Promise<void> {
    this.#options.bus.publish(end);
  }

  /** In the order of `{uid}/{clientId}`, from after `after`. */
  async list(input: {
    readonly uid?: string;
    readonly after: string;
    readonly limit: number;
  }): Promise<ConnectionInfo[]> {
    const found: { key: string; connection: Connection }[] = [];
    for (const connection of this.#options.registry.connections()) {
      const key = keyOf(connection);
      if (key === undefined || key <= input.after) continue;
      if (input.uid !== undefined && connection.accepted!.identity.uid !== input.uid) continue;
      found.push({ key, connection });
      // A page of many connections costs no sort of them all.
      if (found.length >= 4 * input.limit + 1000) keepFirst(found, input.limit);
    }
    keepFirst(found, input.limit);
    return found.map(({ connection }) => infoOf(connection));
  }
}

function keepFirst(found: { readonly key: string }[], count: number): void {
  found.sort((x, y) => (x.key < y.key ? -1 : 1));
  found.length = Math.min(found.length, count);
}
