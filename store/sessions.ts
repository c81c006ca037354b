import type { ConvId } from '../schemas/event.ts';

/** A subscription of a session: MQTT 5's options, and the subscription identifier where one was given. */
export interface StoredSubscription {
  readonly filter: string;
  readonly qos: 0 | 1 | 2;
  readonly noLocal?: boolean;
  readonly retainAsPublished?: boolean;
  readonly retainHandling?: 0 | 1 | 2;
  readonly identifier?: number;
  /** Scopes of the client's token: what may queue for a custom subscription while the client is away. */
  readonly scopes?: readonly string[];
}

/** A session that outlives its connection. */
export interface StoredSession {
  readonly uid: string;
  readonly clientId: string;
  /** The device of the token that it was last connected with; absent where the client id is the device. */
  readonly did?: string;
  /** When it was made, ms: in a conversation without a position, the session has a right to what was stored since. */
  readonly createdAt: number;
  /** Session Expiry Interval, seconds; 0xFFFFFFFF never ends. */
  readonly expirySeconds: number;
  /** When the connection ended, ms; absent while it is connected (or until it is found out that its server died). */
  readonly disconnectedAt?: number;
  /** The last contiguous acknowledged seq of each conversation that has one. */
  readonly positions: Readonly<Record<ConvId, number>>;
  readonly subscriptions: readonly StoredSubscription[];
  /** Server topics (`u/…`, `n/…`, `g/…`) the session unsubscribed from. */
  readonly silenced: readonly string[];
  /** Packet ids of QoS 2 messages from the client that were taken and not released (PUBREL) when the connection ended. */
  readonly received?: readonly number[];
}

/**
 * Sessions that outlive their connections.
 *
 * Guarantees: what `put`, `progress` and `remove` wrote survives the end of the process and of the power once they resolve;
 * the calls of one session take effect in their order; an expired session (disconnectedAt + expirySeconds passed) is never
 * returned, and a session that was connected when its server died counts as disconnected from when that was found out: in one process,
 * when the store is opened again; in a cluster, when the node has left (store/owners.ts). What another node has is its
 * own to write: `put` and `remove` reject with NotTheOwner then, `progress` passes it over, and `expire` leaves it.
 * Rejects with PetrelError `store.unavailable` where it cannot be done now.
 */
export interface SessionStore {
  get(uid: string, clientId: string): Promise<StoredSession | undefined>;
  /** Makes or replaces the session. */
  put(session: StoredSession): Promise<void>;
  /** Merges positions, which only rise, into existing sessions; sessions that are gone are passed over. */
  progress(
    updates: readonly { uid: string; clientId: string; positions: Record<ConvId, number> }[],
  ): Promise<void>;
  remove(uid: string, clientId: string): Promise<void>;
  /** The user's sessions, in no order. */
  sessionsOf(uid: string): Promise<Pick<StoredSession, 'uid' | 'clientId' | 'did'>[]>;
  /** The sessions that have subscriptions, in no order: at start messages queue for them again. */
  subscribers(): Promise<Pick<StoredSession, 'uid' | 'clientId' | 'subscriptions'>[]>;
  /** Every session that was there when this began and still is, each once, in no order: for who moves the store. */
  all(): AsyncIterable<StoredSession>;
  /** Removes sessions that have expired by `now` (ms) and answers them, at most `limit`. */
  expire(now: number, limit: number): Promise<{ uid: string; clientId: string }[]>;
  check(): Promise<void>;
  close(): Promise<void>;
}
