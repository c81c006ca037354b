import type { ConnectionInfo } from '../schemas/connection.ts';
import type { Platform } from '../schemas/identity.ts';

/** A user who comes back within this time was never away, ms. */
export const absenceGraceMs = 1000;

export interface OnlineConnection extends ConnectionInfo {
  /** The node that has it (store/nodes.ts). */
  readonly node: string;
}

/** Whether a user is connected, on whatever nodes. */
export interface Whereabouts {
  readonly online: boolean;
  /** Online or offline since then, ms: the same for whoever asks. */
  readonly since: number;
  /** When the user came online last, ms. */
  readonly cameAt: number;
  /** Of the user's connections, each once, in the order of `platforms`; those without one are in none. */
  readonly platforms: readonly Platform[];
}

/**
 * The open connections of all nodes.
 *
 * Guarantees: what a node put or removed is seen by every node once `written` has resolved, the last word about a session
 * (`{uid}/{clientId}`) counts, and a connection that another node has taken over since is not removed by it. Nothing is
 * lost while the store is away: it is written when the store is back, also where the store has forgotten all of it.
 * Connections of a node whose lease has run out do not count; a node that joins again has its own back. A user without
 * connections is known for an hour after the last one, and is offline since that one ended, or since its node was found
 * to have left. Reads reject with `store.unavailable` where the store is away. Users who are `anonymous` are listed alone.
 */
export interface Online {
  /** Takes a connection that has its CONNACK; it waits for nothing. */
  put(connection: ConnectionInfo): void;
  remove(connection: Pick<ConnectionInfo, 'uid' | 'clientId'>): void;
  /** Resolves when all that was put and removed before is written; waits while the store is away. */
  written(): Promise<void>;
  /** Told of the users whose connections were written, after that. Answers a function that ends it. */
  onWritten(handler: (uids: readonly string[]) => void): () => void;
  /** The user's connections, in the order of their client ids. */
  of(uid: string): Promise<OnlineConnection[]>;
  /** In the order of the bytes of `{uid}/{clientId}`, from after `after`; of one user where given. */
  list(input: {
    readonly uid?: string;
    readonly after: string;
    readonly limit: number;
  }): Promise<OnlineConnection[]>;
  /** Of many users in one round trip; those of whom nothing is known are not among them. */
  whereabouts(uids: readonly string[]): Promise<Map<string, Whereabouts>>;
  /** When the first node came, ms: nobody was seen before. */
  firstAt(): Promise<number>;
  /** Forgets the connections of nodes that have left; harmless when others do it at the same time. */
  sweep(): Promise<void>;
  /** Writes what is not written yet, where the store is there. */
  close(): Promise<void>;
}
