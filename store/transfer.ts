import type { ConvId, StoredEvent } from '../schemas/event.ts';
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
