import { type ConvId, parseConv, peerOf } from '../schemas/event.ts';
import type { Bus, Notice } from '../store/bus.ts';
import type { Cursor, Timeline } from '../store/timeline.ts';

/**
 * Moves a user's read cursor on, durably, and tells whom it concerns: the user's own devices share it, and in a direct
 * conversation the peer sees it. The caller has checked that the conversation is the user's.
 */
export async function moveRead(
  stores: { readonly timeline: Timeline; readonly bus: Bus },
  conv: ConvId,
  uid: string,
  seq: number,
): Promise<Cursor> {
  const [cursor] = await stores.timeline.moveCursors([{ conv, uid, read: seq }]);
  const notice: Notice = { type: 'read', conv, uid, seq: cursor!.read };
  stores.bus.publish({ type: 'notice', uid, notice });
  const parsed = parseConv(conv);
  if (parsed?.kind === 'direct' && parsed.a !== parsed.b) {
    stores.bus.publish({ type: 'notice', uid: peerOf(parsed, uid), notice });
  }
  return cursor!;
}
