import type { ConvId, Head, StoredEvent } from '../schemas/event.ts';

/** An event that asks to be stored. All strings are ASCII; conv ≤ 131, from and id ≤ 64 characters. */
export interface Submission {
  readonly conv: ConvId;
  readonly from: string;
  /** The sender's own id of the event; (conv, from, id) names an event for ever. */
  readonly id: string;
  /** Whether it counts in `n` (a message does; changes and what the server writes do not). */
  readonly counts: boolean;
  /** The checked JSON object of the sender, UTF-8, at least `{"id":…}`. The store copies it before `append` returns. */
  readonly raw: Uint8Array;
  /** For a change (edit, recall, react, pin): the seq it is about. It makes the event show in `changes`. */
  readonly target?: number;
  /** Stored events whose `raw` is replaced in the same step (a recall takes the body out of its target and its edits). */
  readonly replaces?: readonly Replacement[];
  /** For a change where several processes append; a timeline that one process alone appends to does not ask. */
  readonly revision?: Revision;
}

/** A stored event gets another `raw`. */
export interface Replacement {
  readonly seq: number;
  readonly raw: Uint8Array;
}

/**
 * What a change turns out to be where others of its `target` were stored while it was on its way. They are read in one step
 * with the storing: none that stands before it is missing, and none comes between.
 */
export interface Revision {
  /** Changes up to this seq are known to who submits. */
  readonly after: number;
  /** Called where there are such changes, in seq order; several times where other events come between. Answers what is stored. */
  revise(changes: readonly StoredEvent[]): Pick<Submission, 'raw' | 'replaces'>;
}

/** What became of a submission: the place it has in its conversation. */
export interface Appended extends Head {
  /** True where the same (conv, from, id) was stored before, in this batch or ever; seq, n and ts are the first one's. */
  readonly repeat: boolean;
  /** What was stored, where a revision answered it. */
  readonly raw?: Uint8Array;
}

/** How far a user is in a conversation; 0 where nothing was delivered or read. */
export interface Cursor {
  readonly conv: ConvId;
  readonly uid: string;
  readonly delivered: number;
  readonly read: number;
  /** `n` of the event at `read`: unread is the head's n minus this. */
  readonly readN: number;
}

/** A wish to move a cursor on; what is behind the stored value is ignored, what is ahead of the head becomes the head. */
export interface CursorMove {
  readonly conv: ConvId;
  readonly uid: string;
  readonly delivered?: number;
  readonly read?: number;
}

export interface Range {
  readonly conv: ConvId;
  /** Events with seq > after. */
  readonly after: number;
  /** Events with seq < before; no bound where absent. */
  readonly before?: number;
  /** At most this many events (1..1000), counted from `after` upward, or with `newest` from `before` downward. */
  readonly limit: number;
  readonly newest?: boolean;
}

/**
 * The conversations' events: the only truth of what was said.
 *
 * Guarantees, each tested on every implementation:
 * - Durable: when `append` resolves, its events survive the end of the process (`kill -9`) and of the machine's power.
 * - Atomic: an event is stored with its seq, its repeat key, its replacements and its head together, or not at all. When
 *   `append` rejects, none or a prefix of each conversation's events of the batch is stored; sending again is safe.
 * - Ordered: the seqs of a conversation are 1, 2, 3, … in the order of submission, over all calls, without holes, whatever
 *   crashes; ts never decreases inside a conversation; n grows by one for each event that counts.
 * - Once: the same (conv, from, id) is stored once, for ever.
 * - Fresh: what an `append` that has resolved stored is seen by every read that begins afterwards.
 *
 * Every method rejects with PetrelError `store.unavailable` where the store cannot do it now (disk full, server away);
 * it works again by itself when the cause is gone.
 */
export interface Timeline {
  /** Stores a batch and answers in its order. Calls may overlap; they take effect in the order of calling. */
  append(batch: readonly Submission[]): Promise<Appended[]>;

  /** Events in seq order. */
  range(range: Range): Promise<StoredEvent[]>;

  /** The events at these places, in their order; undefined where there is none. */
  events(
    places: readonly { readonly conv: ConvId; readonly seq: number }[],
  ): Promise<(StoredEvent | undefined)[]>;

  /** The change events with seq > after (0 where absent) whose target is within from..to (inclusive), in seq order. */
  changes(conv: ConvId, from: number, to: number, after?: number): Promise<StoredEvent[]>;

  /** The heads of the conversations, in their order; undefined where nothing was said yet. */
  heads(convs: readonly ConvId[]): Promise<(Head | undefined)[]>;

  /** The direct conversations the user has a part in, each with its head, in no order. */
  directs(uid: string): Promise<{ readonly conv: ConvId; readonly head: Head }[]>;

  /** Moves cursors on, never back; durable when it resolves. Answers each cursor as it is afterwards, in order. */
  moveCursors(moves: readonly CursorMove[]): Promise<Cursor[]>;

  /** Cursors by (conv, uid), in order; zeros where nothing is stored. */
  cursors(keys: readonly { readonly conv: ConvId; readonly uid: string }[]): Promise<Cursor[]>;

  /** Cursors of a conversation in ascending uid order, from after `afterUid`, at most `limit` (1..1000). */
  cursorsOf(conv: ConvId, afterUid: string, limit: number): Promise<Cursor[]>;

  /** Resolves when the store can take an append now; rejects with `store.unavailable` otherwise. For /readyz. */
  check(): Promise<void>;

  /** Finishes what was begun and closes. */
  close(): Promise<void>;
}
