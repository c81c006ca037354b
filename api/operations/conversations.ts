import { Type } from 'typebox';
import { PetrelError } from '../../schemas/errors.ts';
import { type Conv, peerOf } from '../../schemas/event.ts';
import type { Cursor } from '../../store/timeline.ts';
import { requireReadable } from '../conversations/access.ts';
import { readEvents, showEvents } from '../conversations/events.ts';
import { conversationsOf, type Listed, namesOf } from '../conversations/list.ts';
import { mentionsOf, unreadOf } from '../conversations/unread.ts';
import { type Operation, userOperation } from '../operation.ts';
import type { Services } from '../services.ts';
import {
  type ConversationShape,
  conv,
  conversation,
  input,
  page,
  paging,
  readPaging,
  seq,
  toPage,
} from './shapes.ts';

/** Newest first; the id decides between those of one moment. Digits of one length compare as numbers do. */
const sortKey = ({ head, conv: { id } }: Listed): string =>
  `${String(Number.MAX_SAFE_INTEGER - (head?.ts ?? 0)).padStart(16, '0')} ${id}`;

const partOf = (found: Conv, uid: string) =>
  found.kind === 'direct'
    ? { kind: 'direct' as const, uid: peerOf(found, uid) }
    : { kind: 'group' as const, gid: found.gid };

export function conversationOperations(
  services: Pick<Services, 'directory' | 'timeline' | 'moveRead'>,
): Operation[] {
  const { directory, timeline, moveRead } = services;

  const details = async (listed: readonly Listed[], uid: string): Promise<ConversationShape[]> => {
    const peerCursor = (found: Conv) => ({
      conv: found.id,
      uid: found.kind === 'direct' ? peerOf(found, uid) : uid,
    });
    const [names, cursors, peers] = await Promise.all([
      namesOf(
        directory,
        listed.map((one) => one.conv),
        uid,
      ),
      timeline.cursors(listed.map((one) => ({ conv: one.conv.id, uid }))),
      timeline.cursors(listed.map((one) => peerCursor(one.conv))),
    ]);
    const show = async ({ conv: found, head, since, sinceN }: Listed, own: Cursor, peer: Cursor) => {
      const visible = head !== undefined && head.seq >= since ? head : undefined;
      const unread = unreadOf(visible, own, sinceN);
      const [latest, mentions] = await Promise.all([
        visible && readEvents(timeline, { conv: found.id, after: visible.seq - 1, limit: 1 }, 0),
        unread > 0 ? mentionsOf(timeline, own, since) : 0,
      ]);
      const [event] = latest === undefined ? [] : await showEvents(timeline, latest.events);
      const name = names.get(found.id);
      return {
        conv: found.id,
        ...partOf(found, uid),
        ...(name !== undefined && { name }),
        head: (event ?? null) as ConversationShape['head'],
        unread,
        mentions,
        read: own.read,
        ...(found.kind === 'direct' && { peerRead: peer.read }),
        pinned: false,
        muted: false,
        hidden: false,
      };
    };
    return Promise.all(listed.map((one, i) => show(one, cursors[i]!, peers[i]!)));
  };

  const one = async (id: string, uid: string): Promise<ConversationShape> => {
    const { conv: found, since } = await requireReadable(directory, id, uid);
    const membership =
      found.kind === 'group' && (await directory.groupsOf(uid)).find(({ gid }) => gid === found.gid);
    const [head] = await timeline.heads([id]);
    const [shown] = await details(
      [{ conv: found, head, since, sinceN: membership ? membership.sinceN : 0 }],
      uid,
    );
    return shown!;
  };

  return [
    userOperation({
      name: 'conversations.list',
      method: 'GET',
      path: '/conversations',
      summary: "The asker's conversations, the latest first",
      input: input(paging),
      output: page(conversation),
      status: 200,
      errors: [],
      async handle(given, { identity: { uid } }) {
        const { limit, after } = readPaging(given);
        const all = (await conversationsOf(services, uid))
          .map((listed) => ({ listed, key: sortKey(listed) }))
          .filter(({ key }) => key > after)
          .sort((x, y) => (x.key < y.key ? -1 : 1));
        const { items, next } = toPage(
          all,
          limit,
          ({ key }) => key,
          ({ listed }) => listed,
        );
        return { items: await details(items, uid), ...(next !== undefined && { next }) };
      },
    }),
    userOperation({
      name: 'conversations.get',
      method: 'GET',
      path: '/conversations/{conv}',
      summary: 'One conversation',
      input: input({ conv }),
      output: conversation,
      status: 200,
      errors: ['conversation.not-found'],
      handle: (given, { identity }) => one(given.conv, identity.uid),
    }),
    userOperation({
      name: 'conversations.update',
      method: 'PATCH',
      path: '/conversations/{conv}',
      summary: 'Mark a conversation as read up to an event',
      input: input({ conv, read: Type.Optional(seq) }),
      output: conversation,
      status: 200,
      errors: ['conversation.not-found'],
      async handle({ conv: id, read }, { identity: { uid } }) {
        await requireReadable(directory, id, uid);
        if (read === undefined) throw new PetrelError('request.invalid', 'There is nothing to change.');
        await moveRead(id, uid, read);
        return one(id, uid);
      },
    }),
  ];
}
