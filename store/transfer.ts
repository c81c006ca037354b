import type { ConvId, StoredEvent } from '../schemas/event.ts';
import type { CustomEntry, CustomRecord } from './custom.ts';
import type { StoredSubscription } from './sessions.ts';
import type { Cursor } from './timeline.ts';

/** An event with all that a store keeps of it; `raw` is what it is now, after every replacement. */
export interface KeptEvent extends StoredEvent {
  /** The sender's own id of the event. */
  readonly id: string;
  /** For a change: the seq it is about. */
  readonly target?: number;
}

/** What a timeline offers to whoever moves it as a whole to another one, while nobody else writes to either. */
export interface TimelineTransfer {
  /**
   * All events from behind a place on, in ascending order of conversation (by bytes) and seq, in lists of bounded size.
   * Rejects as the timeline's own methods do.
   */
  allEvents(after?: { readonly conv: ConvId; readonly seq: number }): AsyncIterable<readonly KeptEvent[]>;
  /** All cursors from behind one on, in ascending order of conversation and uid (by bytes), in lists of bounded size. */
  allCursors(after?: { readonly conv: ConvId; readonly uid: string }): AsyncIterable<readonly Cursor[]>;
  /**
   * Stores events at the places they have, durably and with all that `append` keeps; the events of a conversation come in
   * seq order, each behind the one before it. Those that are stored at their places already are passed over; where a place
   * has another event or would leave a hole, it rejects with PlaceTaken, and what it was given is stored as far as a prefix.
   */
  load(events: readonly KeptEvent[]): Promise<void>;
  /** Another string than before where events were stored meanwhile. */
  mark(): Promise<string>;
}

/** An event cannot be stored at the place it is to have. */
export class PlaceTaken extends Error {
  override readonly name = 'PlaceTaken';
}

/** A row of a table, by column. */
export type TableRow = Readonly<Record<string, string | number | null>>;

/** What a directory offers to whoever moves it as a whole to another one, while nobody else writes to either. */
export interface DirectoryTransfer {
  /** The columns of the primary key of each of its tables. */
  readonly tables: Readonly<Record<string, readonly string[]>>;
  /** Which tables and columns it has: the same where rows of one fit into the other. */
  tablesVersion(): Promise<string>;
  /** Rows of a table in the order of its key, from behind the row with this key on; at most `limit`. */
  rowsOf(table: string, after: TableRow | undefined, limit: number): Promise<readonly TableRow[]>;
  /** Stores rows, durably, as a whole or not at all; those whose key is there already are passed over. */
  loadRows(table: string, rows: readonly TableRow[]): Promise<void>;
}

/** A QoS 1 or 2 message that a session has still to acknowledge, on its way to another store. */
export interface MovedEntry extends CustomEntry {
  /** Whether PUBREC has come. */
  readonly received: boolean;
}

/** A subscription by which messages queue for a session that is not connected. */
export interface SessionRow {
  /** The session's key. */
  readonly session: string;
  readonly subscription: StoredSubscription;
}

/**
 * What a store of custom topics offers to whoever moves it as a whole to another one, while nobody else uses either. What
 * it answers is the same whatever kind of store it is. What is loaded is durable when the call resolves.
 */
export interface CustomTransfer {
  /** All messages that topics retain. */
  retained(): AsyncIterable<CustomRecord>;
  /** In place of what the topics retained. */
  loadRetained(messages: readonly CustomRecord[]): Promise<void>;
  /** All wills, each from its session (`from`); with their terms in the text of the properties. */
  wills(): AsyncIterable<CustomRecord>;
  /** In place of the sessions' former ones. Whoever starts on the store sends them. */
  loadWills(messages: readonly CustomRecord[]): Promise<void>;
  /** All entries; of each session those in flight in the order of sending, then those that wait, in theirs. */
  entries(): AsyncIterable<MovedEntry>;
  /** Behind those that are there; entries that have the same object as their message share it in the store. */
  loadEntries(entries: readonly MovedEntry[]): Promise<void>;
  /** Removes all entries. */
  clearEntries(): Promise<void>;
  /** Where sessions' subscriptions are kept beside the sessions; else these have them alone. */
  readonly rows?: {
    all(): AsyncIterable<readonly SessionRow[]>;
    /** Those that are there already stay. */
    load(rows: readonly SessionRow[]): Promise<void>;
  };
}
