import { PetrelError } from '../schemas/errors.ts';

/** A connection that ended with its node, or with a node that did not let go of its session. */
export interface Orphan {
  /** Of its session: `{uid}/{clientId}`. */
  readonly key: string;
  /** What it held the session by. */
  readonly number: number;
  readonly node: string;
  /** When that was found out, ms. */
  readonly at: number;
}

/** Another node has the session: what was to be written of it was not. */
export class NotTheOwner extends PetrelError {
  constructor() {
    super('store.unavailable', 'Another connection has the session.');
  }
}

/**
 * Which node has which session for a connection: at most one at a time, in all the cluster.
 *
 * Guarantees: the number that `take` gives is larger than all that were given before, for whatever session. Of several that take a session
 * the newest has it in the end: the one that had it hears `onLost` and is waited for until it has let go, for 2 s at most, and
 * not at all where its node has left. From then on nothing that it writes takes effect (store/sessions.ts). A node that may
 * have missed something (its lease ran out, or the bus lost messages) looks at all that it has and hears `onLost` of what it has no
 * more. Calls for one session are made one after the other. What Redis cannot do now rejects with `store.unavailable`.
 */
export interface Owners {
  /** Resolves when the session is this node's: with its number, or undefined where a newer connection came meanwhile. */
  take(key: string): number | undefined | Promise<number | undefined>;
  /**
   * Lets go of the session, or of the wish for it, after everything was stored. A stored session is disconnected from then
   * on at the latest. What another node has is not touched.
   */
  release(key: string): void | Promise<void>;
  /** What this node has the session by; undefined where it does not have it. */
  numberOf(key: string): number | undefined;
  /** Whether it still has it, as all nodes know it now. */
  holds(key: string): boolean | Promise<boolean>;
  /** The connection is to end: `taken` by a newer one, or else nobody has the session. `release` has to follow. */
  onLost(handler: (key: string, taken: boolean) => void): () => void;
  /**
   * What the connections of nodes that left have still to do is this node's: each comes to one node of the cluster, and again, there
   * or elsewhere, until a handler of each kind has resolved. The session may have a newer connection by then.
   */
  onOrphan(handler: (orphan: Orphan) => Promise<void>): () => void;
  /** From here on orphans come. */
  start(): void;
  close(): Promise<void>;
}
