import { parseConv, peerOf } from '../../schemas/event.ts';
import type { Bus } from '../../store/bus.ts';
import type { Timeline } from '../../store/timeline.ts';
import type { MoveRead } from '../services.ts';

/** Moves read cursors, and tells the reader's other devices and (in a direct conversation) the other user. */
export const createMoveRead =
  ({ timeline, bus }: { readonly timeline: Pick<Timeline, 'moveCursors'>; readonly bus: Bus }): MoveRead =>
  async (conv, uid, seq) => {
    const [cursor] = await timeline.moveCursors([{ conv, uid, read: seq }]);
    const parsed = parseConv(conv);
    const peer = parsed?.kind === 'direct' ? peerOf(parsed, uid) : uid;
    for (const told of new Set([uid, peer]))
      bus.publish({ type: 'notice', uid: told, notice: { type: 'read', conv, uid, seq: cursor!.read } });
    return cursor!;
  };
