import { eventDocument, type Head } from '../../schemas/event.ts';
import type { Cursor, Timeline } from '../../store/timeline.ts';

const maxMentionsRead = 200;

/** How many messages are unread: none of those said before the user came (`sinceN`). */
export const unreadOf = (head: Head | undefined, cursor: Cursor, sinceN: number): number =>
  head === undefined ? 0 : Math.max(0, head.n - Math.max(cursor.readN, sinceN));

/** How many of the newest 200 unread events mention the user, by name or as `@all`. */
export async function mentionsOf(
  timeline: Pick<Timeline, 'range'>,
  { conv, uid, read }: Cursor,
  since: number,
): Promise<number> {
  const after = Math.max(read, since - 1);
  const events = await timeline.range({ conv, after, limit: maxMentionsRead, newest: true });
  return events.filter(({ from, raw }) => {
    if (from === uid || !Buffer.from(raw.buffer, raw.byteOffset, raw.length).includes('"mentions"'))
      return false;
    const { mentions } = eventDocument({ conv, seq: 0, n: 0, ts: 0, from, raw });
    return Array.isArray(mentions) && (mentions.includes(uid) || mentions.includes('@all'));
  }).length;
}
