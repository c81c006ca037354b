import type { StoredSubscription } from './sessions.ts';

/** A subscription that every node knows: of a session that outlives its connections, or a shared one. */
export interface SharedRow {
  readonly subscription: StoredSubscription;
  /** The node that has the connection; absent for a session that outlives it. */
  readonly node?: string;
}

/**
 * A row as it is from now on; without `row` it is gone, but for one that is not of the node `ifNode` where that is given. `filter`
 * is the one of the subscription.
 */
export interface RowChange {
  readonly session: string;
  readonly filter: string;
  readonly row?: SharedRow;
  readonly ifNode?: string;
}

/** One of those who may get the message of a shared subscription. */
export interface Candidate {
  readonly session: string;
  readonly filter: string;
  /** As in `Publication.receivers`. */
  readonly copy: string;
  /** Whether it can wait for the session: QoS 1 or 2, and a session that outlives its connections. */
  readonly queues: boolean;
  /** Whether the session is connected wherever it has an owner only; else it is while its row is there. */
  readonly persistent: boolean;
}

/** A message, with all that is to be done with it at once. */
export interface Publication {
  /** What nodes hear of it; it ends with the message's body. */
  readonly frame: Buffer;
  /** How many bytes at the end of `frame` are the body, which queues keep. */
  readonly bodyBytes: number;
  /** What it weighs in queues. */
  readonly weight: number;
  /** When it expires, ms. */
  readonly expiresAt?: number;
  /** Whether all nodes look for whom they have; else it is for `groups` alone. */
  readonly live: boolean;
  /** Sessions for which it is kept until they acknowledge it, each with a text that is kept beside it. */
  readonly receivers: readonly (readonly [session: string, copy: string])[];
  /** Of each group one gets it: a connected one, else one for which it can wait. */
  readonly groups: readonly (readonly Candidate[])[];
  /** What the topic retains from now on; without a record nothing. */
  readonly retain?: { readonly topic: string; readonly record?: Buffer; readonly weight: number };
}

/** What became of a message: refused, or done, and for how many it is kept and for how many there was no room. */
export type PublishOutcome =
  | 'queues-full'
  | 'retained-full'
  | { readonly number: number; readonly queued: number; readonly dropped: number };

/** What nodes hear, each with its number: 1, 2, 3, in one order for all. */
export interface FeedItem {
  readonly number: number;
  readonly rows?: readonly RowChange[];
  /** A message: the frame of its publication. */
  readonly frame?: Buffer;
  readonly live?: boolean;
  /** Entries that were added for sessions that have an owner. */
  readonly entries?: readonly (readonly [session: string, id: number, copy: string])[];
  /** Sessions that get it of a shared subscription without an entry, each with that subscription's filter. */
  readonly chosen?: readonly (readonly [session: string, filter: string])[];
}

/** A message that a session has still to acknowledge. */
export interface SharedEntry {
  /** Rises within a session; below 0 for those that its owner added. */
  readonly id: number;
  readonly copy: string;
  readonly body: Buffer;
  /** The packet id under which it was sent, and the place in the order of sending; absent while it waits. */
  readonly sent?: { readonly packetId: number; readonly place: number };
  /** PUBREC came. */
  readonly received: boolean;
}

/** What an owner says of an entry; in this order. */
export interface EntryChange {
  readonly id: number;
  /** It is new: what it refers to. */
  readonly add?: { readonly copy: string; readonly body: Buffer; readonly weight: number };
  readonly sent?: { readonly packetId: number; readonly place: number };
  readonly received?: true;
  readonly remove?: true;
}

export interface SessionChanges {
  readonly session: string;
  /** The claim's. */
  readonly token: string;
  readonly entries: readonly EntryChange[];
  /** The claim ends. */
  readonly release?: true;
}

/** A will that is kept. */
export interface SharedWill {
  readonly session: string;
  readonly token: string;
  readonly record: string;
  /** When it is due, ms; absent while its client is connected. */
  readonly dueAt?: number;
}

/** What queues and retained messages hold at most, all nodes together. */
export interface SharedLimits {
  readonly maxQueuedMessages: number;
  readonly maxQueuedBytes: number;
  readonly maxQueuedBytesTotal: number;
  /** A session with an owner may hold more by so many, as some of it is in flight. */
  readonly maxInFlight: number;
  readonly maxInFlightBytes: number;
  readonly maxRetainedMessages: number;
  readonly maxRetainedBytes: number;
}

/**
 * Custom topics of several nodes: what is known to all of them, and what nodes tell each other.
 *
 * Guarantees: each call is done as a whole or not at all, in one order for all nodes; what it did is durable when it resolves
 * (as far as the server writes before it answers). Rejects with PetrelError `store.unavailable`: then it was done or not.
 * What was done comes to every node's feed with the next number. A node that misses a number finds it by the next one, or by
 * `number`, and reads anew.
 */
export interface SharedCustom {
  /**
   * Publishes messages in their order. They were made by what the feed had told up to `at`: where rows have changed since,
   * nothing is done, and it answers up to where the caller has to hear first.
   */
  publish(
    at: number,
    batch: readonly Publication[],
  ): Promise<{ readonly stale: number } | readonly PublishOutcome[]>;
  /** Answers the number under which the feed tells of it. */
  changeRows(changes: readonly RowChange[]): Promise<number>;
  /** The number of what the feed told last. */
  number(): Promise<number>;
  /** All rows as they were at this number, or later. */
  rows(): Promise<{ readonly number: number; readonly rows: readonly RowChange[] }>;
  /** All retained records, each after its topic, as hash scans tell them. */
  retained(): AsyncIterable<Buffer[]>;
  /** Removes what the topic retains if it has expired by `now`. */
  expireRetained(topic: string, now: number): Promise<void>;
  /** The session is this owner's, and no earlier one's any more. Answers all its entries, and the newest id it ever had. */
  claim(
    session: string,
    node: string,
    token: string,
  ): Promise<{ readonly last: number; readonly entries: readonly SharedEntry[] }>;
  /** Whether there are entries for the session, or somebody has claimed it. */
  holds(session: string): Promise<boolean>;
  /** The session's entries above `after`, if it is still this owner's. */
  entriesAfter(session: string, token: string, after: number): Promise<readonly SharedEntry[] | undefined>;
  /** Answers the sessions that are no longer this owner's: nothing was done with them. */
  progress(node: string, changes: readonly SessionChanges[]): Promise<readonly string[]>;
  /** Removes all there is of the session; answers the entries that a shared subscription brought. */
  forget(session: string): Promise<readonly SharedEntry[]>;
  /** The nodes that have, or had, anything here. */
  nodes(): Promise<readonly string[]>;
  /** A node has died: nobody is connected to it. Its wills are another call's, and come first. */
  nodeLeft(node: string): Promise<void>;
  /** Keeps the will of a connection in place of the session's former one. */
  keepWill(node: string, will: SharedWill): Promise<void>;
  /** Another time for the will with this token; answers whether it is there. */
  delayWill(session: string, token: string, dueAt: number): Promise<boolean>;
  /** Removes the will with this token. Answers whether there was one. */
  dropWill(session: string, token: string): Promise<boolean>;
  /**
   * The session's will, the one with this token where one is given, is this node's from here on, to be sent and dropped: it is given
   * to one caller. `replaced`: there is one with another token.
   */
  takeWill(
    node: string,
    session: string,
    token: string | undefined,
  ): Promise<SharedWill | 'replaced' | undefined>;
  /** Wills of a node that died become this node's, each one that of one caller; at most `limit`. */
  adoptWills(dead: string, node: string, limit: number): Promise<readonly SharedWill[]>;
  /** Answers a function that ends it. Calls come in the order of numbers, those of a lost connection are missing. */
  onFeed(handler: (item: FeedItem) => void): () => void;
  /** The feed is heard again after it was lost. */
  onFeedBack(handler: () => void): () => void;
  check(): Promise<void>;
  close(): Promise<void>;
}
