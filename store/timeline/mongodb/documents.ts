import { type Collection, type Db, MongoServerError } from 'mongodb';
import type { ConvId, StoredEvent } from '../../../schemas/event.ts';
import type { Cursor, Submission } from '../../timeline.ts';

/** A raw that takes the place of the event's own as soon as the event `by` is stored, by this very attempt to store it. */
export interface Replacement {
  /** `_id` of the event that replaces. */
  readonly by: string;
  readonly attempt: string;
  readonly raw: Uint8Array;
}

/** An event; shard key `conv`. */
export interface EventRow {
  /** Of conversation, sender and the sender's id: the event is stored once. */
  readonly _id: string;
  readonly conv: ConvId;
  readonly seq: number;
  readonly n: number;
  readonly ts: number;
  readonly from: string;
  readonly raw: Uint8Array;
  /** The seq a change is about. */
  readonly target?: number;
  /** In the order of their coming; the last whose event is stored holds. */
  readonly next?: readonly Replacement[];
  /** Where the event replaces others. */
  readonly attempt?: string;
  /** Counts the changes of `next`. */
  readonly revision?: number;
}

/** A direct conversation of a user; written before its first event. Shard key `uid`. */
export interface DirectRow {
  readonly _id: string;
  readonly uid: string;
  readonly conv: ConvId;
}

/** How far a user is; shard key `conv`. */
export interface CursorRow extends Cursor {
  readonly _id: string;
}

export interface Collections {
  readonly events: Collection<EventRow>;
  readonly directs: Collection<DirectRow>;
  readonly cursors: Collection<CursorRow>;
}

export const collectionsOf = (db: Db): Collections => ({
  events: db.collection<EventRow>('events'),
  directs: db.collection<DirectRow>('directs'),
  cursors: db.collection<CursorRow>('cursors'),
});

/** None of the parts has a `|`. */
export const eventKey = ({ conv, from, id }: Pick<Submission, 'conv' | 'from' | 'id'>): string =>
  `${conv}|${from}|${id}`;

export const userKey = (conv: ConvId, uid: string): string => `${conv}|${uid}`;

export const toEvent = ({ conv, seq, n, ts, from, raw }: EventRow): StoredEvent => ({
  conv,
  seq,
  n,
  ts,
  from,
  raw,
});

/** Whether a unique index refused it. */
export const isDuplicate = (error: unknown): error is MongoServerError =>
  error instanceof MongoServerError && error.code === 11_000;

/** Writes with upserts in them: of two that make a document at the same time one fails, and then finds it made. */
export async function upsert(write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    await write();
  }
}
