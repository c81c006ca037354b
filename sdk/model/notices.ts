import type { Notice } from '../types.ts';
import { marked } from './advance.ts';
import { type ConversationRecord, type Patch, patched } from './record.ts';

const isNumber = (value: unknown): value is number => typeof value === 'number';

/**
 * The record after a notice about it, one's own read cursor aside, which needs to know what was read. The same object for
 * notices that change nothing of it.
 */
export function noticed(record: ConversationRecord, notice: Notice, me: string): ConversationRecord {
  const { type, uid, seq } = notice;
  if (type === 'conversation') {
    // Of a draft that is on its way from here, the server tells of an older one.
    const { draft, draftAt, isDraftOurs } = record;
    return patched(record, { ...settingsIn(notice), ...(isDraftOurs && { draft, draftAt }) });
  }
  if (!isNumber(seq) || typeof uid !== 'string' || uid === me) return record;
  if (type === 'delivered') return marked(record, { delivered: seq }, me);
  if (type !== 'read') return record;
  const peerRead = record.kind === 'direct' ? { peerRead: Math.max(record.peerRead ?? 0, seq) } : {};
  return patched(marked(record, { delivered: seq, seen: seq }, me), peerRead);
}

/** What of the settings the notice tells; what it takes away is undefined. */
function settingsIn(notice: Notice): Patch {
  const { pinned, pinnedAt, muted, mutedUntil, hidden, draft, draftAt, markedUnread } = notice;
  return {
    ...(typeof pinned === 'boolean' && { pinned, pinnedAt: isNumber(pinnedAt) ? pinnedAt : undefined }),
    ...(typeof muted === 'boolean' && { muted, mutedUntil: isNumber(mutedUntil) ? mutedUntil : undefined }),
    ...(typeof hidden === 'boolean' && { hidden }),
    ...(typeof draft === 'string' && { draft, draftAt: isNumber(draftAt) ? draftAt : undefined }),
    ...(draft === null && { draft: undefined, draftAt: undefined }),
    ...(typeof markedUnread === 'boolean' && { markedUnread }),
  };
}
