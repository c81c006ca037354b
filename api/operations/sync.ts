import { Type } from 'typebox';
import { eventDocument } from '../../schemas/event.ts';
import { seenFrom } from '../conversations/access.ts';
import { readEvents } from '../conversations/events.ts';
import { unreadOf } from '../conversations/unread.ts';
import { type Operation, userOperation } from '../operation.ts';
import type { Services } from '../services.ts';
import { event, head, input, maxPage } from './shapes.ts';

const defaultEvents = 100;
/** One answer holds at most this many conversations and this many bytes of events; the client asks again for the rest. */
const maxConversations = 200;
const maxBytes = 1024 * 1024;

export function syncOperations(services: Pick<Services, 'timeline' | 'lists' | 'folds'>): Operation[] {
  const { timeline, lists, folds } = services;
  return [
    userOperation({
      name: 'sync',
      method: 'POST',
      path: '/sync',
      summary: 'What is new since the given cursors, the oldest first',
      input: input({
        cursors: Type.Optional(
          Type.Record(Type.String(), Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }), {
            description:
              'The last seq the client has, by conversation; one that is missing begins at its start.',
          }),
        ),
        limit: Type.Optional(
          Type.Integer({ minimum: 1, maximum: maxPage, description: 'Events of one conversation.' }),
        ),
        raw: Type.Optional(
          Type.Boolean({ description: 'Events as stored, without what changes made of them.' }),
        ),
      }),
      output: Type.Object({
        conversations: Type.Array(
          Type.Object({
            conv: Type.String(),
            head,
            read: Type.Integer(),
            unread: Type.Integer(),
            events: Type.Array(event),
            more: Type.Boolean({ description: 'Whether this conversation goes on after these events.' }),
          }),
        ),
        more: Type.Boolean({
          description: 'Whether there is more to ask for: move the cursors on and ask again.',
        }),
      }),
      status: 200,
      errors: [],
      async handle({ cursors = {}, limit = defaultEvents, raw = false }, { identity: { uid } }) {
        const list = await lists.of(uid);
        const ahead = [];
        for (const entry of list.entries()) {
          const { conv, head } = entry;
          // A conversation's id has a colon: it is no name of anything else.
          const known = cursors[conv.id] ?? 0;
          if (head.seq <= known) continue;
          const { since, sinceN } = seenFrom(entry, list.settingsOf(conv.id));
          const after = Math.max(known, since - 1);
          const { seq, n, ts } = head;
          if (seq > after) ahead.push({ conv, newest: { seq, n, ts }, after, sinceN });
        }
        ahead.sort((x, y) => x.newest.ts - y.newest.ts || (x.conv.id < y.conv.id ? -1 : 1));
        const listed = ahead.slice(0, maxConversations);
        const positions = await timeline.cursors(listed.map(({ conv }) => ({ conv: conv.id, uid })));
        const conversations = [];
        let bytes = 0;
        for (const [i, { conv, newest, after, sinceN }] of listed.entries()) {
          if (bytes > maxBytes) break;
          const found = await readEvents(timeline, { conv: conv.id, after, limit }, maxBytes - bytes);
          for (const stored of found.events) bytes += stored.raw.length;
          conversations.push({
            conv: conv.id,
            head: newest,
            read: positions[i]!.read,
            unread: unreadOf(newest, positions[i]!, sinceN),
            events: raw ? found.events.map(eventDocument) : await folds.show(found.events),
            more: found.more,
          });
        }
        const more = conversations.length < ahead.length || conversations.some((one) => one.more);
        return { conversations, more };
      },
    }),
  ];
}
