import type { Operations } from '../operations.ts';
import type { ConversationEntry, Message } from '../types.ts';
import { parseConv } from './conv.ts';
import type { Event } from './event.ts';

/** The newest event that is known. */
export interface Head {
  readonly seq: number;
  readonly n: number;
  readonly ts: number;
}

/** What is kept of a conversation beside its events. Never mutated. */
export interface ConversationRecord {
  readonly conv: string;
  readonly kind: 'direct' | 'group';
  readonly uid?: string;
  readonly gid?: string;
  readonly name?: string;
  readonly head: Head;
  /** The newest message, folded. */
  readonly last?: Message;
  /** Every event up to here is kept, from some event on, or was never to be seen; 0 where there is none. */
  readonly to: number;
  readonly mentions: number;
  readonly read: number;
  /** How many messages there are up to there: what is unread is the rest. */
  readonly readN: number;
  /** Absent where the peer does not show it, and in groups. */
  readonly peerRead?: number;
  /** How far any other member has it, and has read it, as far as notices told. */
  readonly delivered: number;
  readonly seen: number;
  readonly pinned: boolean;
  readonly pinnedAt?: number;
  readonly muted: boolean;
  readonly mutedUntil?: number;
  readonly hidden: boolean;
  readonly markedUnread: boolean;
  readonly draft?: string;
  readonly draftAt?: number;
  /** The draft was changed here, and the server does not know yet. */
  readonly isDraftOurs?: true;
}

/** A conversation as `conversations.*` answers it. */
export type ConversationShape = Operations['conversations.get']['output'];

/** The same without the members that are undefined: what may be put over another record. */
export type Patch = { readonly [M in keyof ConversationRecord]?: ConversationRecord[M] | undefined };

const nobody: Head = { seq: 0, n: 0, ts: 0 };

/** A conversation of which nothing is known yet. */
export const newRecord = (conv: string, me: string): ConversationRecord => ({
  ...parseConv(conv, me),
  head: nobody,
  to: 0,
  mentions: 0,
  read: 0,
  readN: 0,
  delivered: 0,
  seen: 0,
  pinned: false,
  muted: false,
  hidden: false,
  markedUnread: false,
});

/** With the members of the patch; those that are undefined are taken away. The same object where that changes nothing. */
export function patched(record: ConversationRecord, patch: Patch): ConversationRecord {
  const before = record as unknown as Record<string, unknown>;
  const changes = Object.entries(patch).filter(([name, value]) => !Object.is(before[name], value));
  if (changes.length === 0) return record;
  const next = { ...before };
  for (const [name, value] of changes) {
    if (value === undefined) delete next[name];
    else next[name] = value;
  }
  return next as unknown as ConversationRecord;
}

export const unreadOf = ({ head, readN }: Pick<ConversationRecord, 'head' | 'readN'>): number =>
  Math.max(0, head.n - readN);

/** What the server says of a conversation, its events and how far they are kept aside. */
export function settingsOf(shape: ConversationShape): Patch {
  const { name, peerRead, pinned, pinnedAt, muted, mutedUntil, hidden, markedUnread, draft, draftAt } = shape;
  return {
    ...{ name, peerRead, pinned, pinnedAt, muted, mutedUntil, hidden, markedUnread, draft, draftAt },
  };
}

/** The newest event that an answer carries. */
export const headOf = (shape: ConversationShape): Event | undefined =>
  (shape.head as unknown as Event | null) ?? undefined;

/** The entry of the list that a record comes to. */
export function toEntry(record: ConversationRecord, now: number): ConversationEntry {
  const { conv, kind, uid, gid, name, head, last, mentions, read, peerRead } = record;
  const { pinned, muted, mutedUntil, hidden, markedUnread, draft } = record;
  return {
    conv,
    kind,
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
    ...(name !== undefined && { name }),
    ...(last !== undefined && { last }),
    ts: head.ts,
    unread: unreadOf(record),
    mentions,
    read,
    ...(peerRead !== undefined && { peerRead }),
    pinned,
    muted: muted && (mutedUntil ?? Number.POSITIVE_INFINITY) > now,
    hidden,
    markedUnread,
    ...(draft !== undefined && { draft }),
  };
}

/** Those pinned first, the latest pin before the others, then by when something was said last. */
export function compareRecords(
  a: ConversationRecord,
  b: ConversationRecord,
  tsOf: (record: ConversationRecord) => number,
): number {
  if (a.pinned !== b.pinned) return a.pinned ? -1 : 1;
  const [atA, atB] = a.pinned ? [a.pinnedAt ?? 0, b.pinnedAt ?? 0] : [tsOf(a), tsOf(b)];
  return atB - atA || (a.conv < b.conv ? -1 : 1);
}
