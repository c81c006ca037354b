import type { Message } from '../types.ts';
import type { Pages } from './pages.ts';
import type { ConversationRecord } from './record.ts';
import { Timeline } from './timeline.ts';

const pageSize = 50;
/** Behind so many changes nobody looks for the message that they change. */
const maxPages = 4;

/** The newest message of a conversation, folded; undefined where it is too far back. Rejects with ClientError. */
export async function lastMessage(
  me: string,
  record: ConversationRecord | undefined,
  pages: Pages,
): Promise<Message | undefined> {
  if (record === undefined || record.to === 0) return undefined;
  const timeline = new Timeline(me, { delivered: record.delivered, read: record.seen });
  for (let i = 0; i < maxPages && timeline.size === 0; i++) {
    const page = await pages.before(record.conv, timeline.from ?? record.to + 1, pageSize);
    if (!timeline.prepend(page.events, page.hasOlder) || !page.hasOlder) break;
  }
  return timeline.newest;
}
