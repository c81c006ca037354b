import type { Message } from '../types.ts';
import { applyChange } from './change.ts';
import { changeOf, type Event, isChange, isMessage, toMessage } from './event.ts';
import {
  type ConversationRecord,
  type ConversationShape,
  headOf,
  patched,
  settingsOf,
  unreadOf,
} from './record.ts';

/** How far others have a message, where it is one's own. */
export function stateOf(
  { from, seq }: { readonly from: string; readonly seq: number },
  { delivered, seen }: Pick<ConversationRecord, 'delivered' | 'seen'>,
  me: string,
): Message['state'] {
  if (from !== me) return 'sent';
  if (seq <= seen) return 'read';
  return seq <= delivered ? 'delivered' : 'sent';
}

/** Whether the message is one of those that the server counts as naming the user. */
export const mentionsMe = ({ mentions, from, type }: Event, me: string): boolean =>
  isMessage(type) && from !== me && mentions?.some((uid) => uid === me || uid === '@all') === true;

/**
 * The record with one event more, the next one behind its `to`. What the server has counted already, up to its head,
 * is not counted again. One's own message is unread nowhere, unless something before it is.
 */
export function advanced(record: ConversationRecord, event: Event, me: string): ConversationRecord {
  const { seq, n, ts, type, from } = event;
  const isNew = seq > record.head.seq;
  const next: ConversationRecord = {
    ...record,
    to: Math.max(record.to, seq),
    ...(isNew && { head: { seq, n, ts } }),
    ...lastWith(record, event, me),
    ...named(event),
  };
  if (!isNew || !isMessage(type)) return next;
  // Where nothing is known of what was before, it is the only one that is unread.
  const readN = record.head.seq === 0 ? n - 1 : record.readN;
  const isRead = from === me && unreadOf({ head: record.head, readN }) === 0;
  return {
    ...next,
    hidden: false,
    mentions: record.mentions + (mentionsMe(event, me) ? 1 : 0),
    ...(isRead ? { read: seq, readN: n } : { readN }),
  };
}

/** The name that a group was given by this event. */
function named({ type, body }: Event): { name?: string } {
  const name = type === 'group' ? body?.name : undefined;
  return typeof name === 'string' ? { name } : {};
}

function lastWith(record: ConversationRecord, event: Event, me: string): { last?: Message } {
  const { last } = record;
  if (isChange(event.type)) {
    if (last === undefined || changeOf(event)?.target !== last.seq) return {};
    return { last: applyChange(last, event) };
  }
  if (last !== undefined && last.seq! >= event.seq) return {};
  return { last: toMessage(event, stateOf(event, record, me)) };
}

/** How far others have one's messages, which never goes back. */
export function marked(
  record: ConversationRecord,
  { delivered = 0, seen = 0 }: { readonly delivered?: number; readonly seen?: number },
  me: string,
): ConversationRecord {
  const marks = { delivered: Math.max(record.delivered, delivered), seen: Math.max(record.seen, seen) };
  const { last } = record;
  const state = last?.seq === undefined ? undefined : stateOf({ from: last.from, seq: last.seq }, marks, me);
  const isSame = last === undefined || state === undefined || state === last.state;
  return patched(record, isSame ? marks : { ...marks, last: { ...last, state } });
}

/**
 * The record with what the server answers about the conversation. Events that came since stay counted, and a cursor that
 * was moved on here stays there.
 */
export function merged(record: ConversationRecord, shape: ConversationShape, me: string): ConversationRecord {
  const event = headOf(shape);
  const head = event === undefined ? { seq: 0, n: 0, ts: 0 } : { seq: event.seq, n: event.n, ts: event.ts };
  const isAhead = record.head.seq > head.seq;
  const isReadHere = record.read > shape.read;
  const next = patched(record, {
    ...settingsOf(shape),
    ...(record.isDraftOurs && { draft: record.draft, draftAt: record.draftAt }),
    ...(!isAhead && { head }),
    ...(!isReadHere && { read: shape.read, readN: head.n - shape.unread }),
    ...(!isAhead && { mentions: isReadHere && record.read >= head.seq ? 0 : shape.mentions }),
  });
  return marked(next, { seen: shape.peerRead ?? 0 }, me);
}
