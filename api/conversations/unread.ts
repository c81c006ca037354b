import type { Head } from '../../schemas/event.ts';
import type { Cursor } from '../../store/timeline.ts';

/** How many messages are unread: none of those said before the user came (`sinceN`). */
export const unreadOf = (head: Head | undefined, cursor: Cursor, sinceN: number): number =>
  head === undefined ? 0 : Math.max(0, head.n - Math.max(cursor.readN, sinceN));
