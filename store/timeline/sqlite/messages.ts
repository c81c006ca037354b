import type { Head } from '../../../schemas/event.ts';
import type { Cursor, Range } from '../../timeline.ts';

/** Changes after a seq whose target is within from..to. */
export interface ChangesRange {
  readonly conv: string;
  readonly from: number;
  readonly to: number;
  readonly after: number;
}

/** Stored entries of several conversations, one behind the other; none where there are no more. */
export interface Scanned {
  readonly parts: readonly { readonly conv: string; readonly size: number }[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What the caller's thread asks the commit thread, and what it gets; bytes are transferred, never cloned. */
export interface Calls {
  /** Encoded submissions → seq, n, ts and 1 for a repeat, per submission. */
  append: { input: Uint8Array<ArrayBuffer>; output: Float64Array<ArrayBuffer> };
  /** Encoded moves → delivered, read, readN per move. */
  moveCursors: { input: Uint8Array<ArrayBuffer>; output: Float64Array<ArrayBuffer> };
  /** → stored entries. */
  range: { input: Range; output: Uint8Array<ArrayBuffer> };
  /** `conv seq` a line → a byte a line, 0 where there is no event; then the stored entries. */
  events: { input: string; output: Uint8Array<ArrayBuffer> };
  changes: { input: ChangesRange; output: Uint8Array<ArrayBuffer> };
  /** → seq, n, ts per conversation; seq 0 where nothing was said. */
  heads: { input: readonly string[]; output: Float64Array<ArrayBuffer> };
  directs: { input: string; output: { conv: string; head: Head }[] };
  /** `conv uid` a line → delivered, read, readN a line. */
  cursors: { input: string; output: Float64Array<ArrayBuffer> };
  cursorsOf: { input: { conv: string; afterUid: string; limit: number }; output: Cursor[] };
  /** Encoded events with their places → why one cannot have its place; empty where all are stored. */
  load: { input: Uint8Array<ArrayBuffer>; output: string };
  /** The events behind a place, over all conversations. */
  scan: { input: { conv: string; seq: number }; output: Scanned };
  scanCursors: { input: { conv: string; uid: string }; output: Cursor[] };
  /** What changes with every event; once all are in the tables. */
  mark: { input: null; output: string };
  flush: { input: null; output: null };
  check: { input: null; output: null };
  close: { input: null; output: null };
}

export type CallName = keyof Calls;

export type Call = {
  [Name in CallName]: { readonly name: Name; readonly id: number; readonly input: Calls[Name]['input'] };
}[CallName];

export type Answer =
  | { readonly id: number; readonly output: Calls[CallName]['output'] }
  | { readonly id: number; readonly error: string }
  | { readonly ready: true }
  | { readonly log: 'warn' | 'error'; readonly message: string };

/** What the threads are started with. */
export interface ThreadOptions {
  readonly dir: string;
  readonly limits: Limits;
}

/** Where the journal is moved into the tables, and where appends wait; tests set their own. */
export interface Limits {
  /** A generation is complete at so many events or bytes, or so long after its first event. */
  readonly flushEvents: number;
  readonly flushBytes: number;
  readonly flushMs: number;
  /** At so many bytes of journal that are not in the tables, appends wait. */
  readonly maxBytes: number;
}

export const defaultLimits: Limits = {
  flushEvents: 65_536,
  flushBytes: 24 << 20,
  flushMs: 2_000,
  maxBytes: 128 << 20,
};

/** Commit thread → index thread: put this file into the tables; `length` is absent after a restart. */
export interface IndexRequest {
  readonly path: string;
  readonly generation: number;
  readonly length?: number;
}

export type IndexAnswer =
  | { readonly generation: number; readonly error?: string }
  | { readonly indexed: number };
