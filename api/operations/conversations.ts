import { Type } from 'typebox';
import { PetrelError } from '../../schemas/errors.ts';
import type { ConversationNotice } from '../../store/bus.ts';
import { mutedForEver, type SettingsChange } from '../../store/directory.ts';
import { requireReadable } from '../conversations/access.ts';
import { describe, settingsShape } from '../conversations/details.ts';
import { HeadEvents } from '../conversations/head-events.ts';
import { parsePosition, positionText } from '../conversations/order.ts';
import { isHidden } from '../conversations/user-list.ts';
import { type Operation, userOperation } from '../operation.ts';
import type { Services } from '../services.ts';
import {
  type ConversationShape,
  conv,
  conversation,
  input,
  none,
  page,
  paging,
  readPaging,
  seq,
  toCursor,
} from './shapes.ts';

const maxDraft = 4096;
/** Whoever keeps something about so many conversations keeps nothing about those where nothing was said. */
const maxKept = 5000;
const empty = { seq: 0, n: 0, ts: 0 };

/** What a user may keep about a conversation. */
const changes = {
  pinned: Type.Optional(Type.Boolean({ description: 'Whether it stands before all that are not.' })),
  muted: Type.Optional(Type.Boolean({ description: 'Until it is unmuted; for a time: `mutedUntil`.' })),
  mutedUntil: Type.Optional(
    Type.Union([Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }), Type.Null()], {
      description: 'Muted until then, ms since 1970; null unmutes.',
    }),
  ),
  hidden: Type.Optional(Type.Boolean({ description: 'Out of the list until there is a new message.' })),
  draft: Type.Optional(
    Type.Union([Type.String({ maxLength: maxDraft }), Type.Null()], {
      description: 'What is not sent yet; null or nothing takes it away.',
    }),
  ),
  markedUnread: Type.Optional(Type.Boolean({ description: 'Reading takes the mark away.' })),
};

interface Wish {
  readonly pinned?: boolean;
  readonly muted?: boolean;
  readonly mutedUntil?: number | null;
  readonly hidden?: boolean;
  readonly draft?: string | null;
  readonly markedUnread?: boolean;
}

/** The change of the settings that is asked for; `headN`: the messages there are now. */
function toChange(wish: Wish, headN: number, now: number): SettingsChange {
  const { pinned, muted, mutedUntil, hidden, draft, markedUnread } = wish;
  const until = muted === false ? 0 : (mutedUntil ?? (muted === true ? mutedForEver : 0));
  return {
    ...(pinned !== undefined && { pinnedAt: pinned ? now : 0 }),
    ...((muted !== undefined || mutedUntil !== undefined) && { mutedUntil: until }),
    ...(hidden !== undefined && { hiddenN: hidden ? headN : null }),
    ...(draft !== undefined && { draft: draft ? { text: draft, at: now } : null }),
    ...(markedUnread !== undefined && { markedUnread }),
  };
}

export function conversationOperations(
  services: Pick<Services, 'directory' | 'timeline' | 'bus' | 'moveRead' | 'lists' | 'clock'>,
): Operation[] {
  const { directory, timeline, bus, moveRead, lists, clock } = services;
  const details = { directory, timeline, headEvents: new HeadEvents(timeline) };

  const one = async (id: string, uid: string): Promise<ConversationShape> => {
    const [{ conv: found, since, sinceN, settings }, [head = empty]] = await Promise.all([
      requireReadable(directory, id, uid),
      timeline.heads([id]),
    ]);
    const listed = { conv: found, head, since, sinceN, settings };
    const [shown] = await describe(details, uid, [listed], clock());
    return shown!;
  };

  const tell = (uid: string, notice: Omit<ConversationNotice, 'type'>): void =>
    bus.publish({ type: 'notice', uid, notice: { type: 'conversation', ...notice } });

  const change = async (id: string, uid: string, wish: Wish, isKept: boolean): Promise<void> => {
    const [head = empty] = await timeline.heads([id]);
    if (!isKept && head.seq === 0 && (await directory.countSettings(uid)) >= maxKept)
      throw new PetrelError('conversation.full');
    const settings = await directory.changeSettings(uid, id, toChange(wish, head.n, clock()));
    const { pinned, pinnedAt, muted, mutedUntil, markedUnread, draft, draftAt } = settingsShape(
      settings,
      clock(),
    );
    tell(uid, {
      conv: id,
      ...(wish.pinned !== undefined && { pinned, ...(pinnedAt !== undefined && { pinnedAt }) }),
      ...((wish.muted !== undefined || wish.mutedUntil !== undefined) && {
        muted,
        ...(mutedUntil !== undefined && { mutedUntil }),
      }),
      ...(wish.hidden !== undefined && { hidden: isHidden(head, settings) }),
      ...(wish.draft !== undefined && { draft: draft ?? null, ...(draftAt !== undefined && { draftAt }) }),
      ...(wish.markedUnread !== undefined && { markedUnread }),
    });
  };

  return [
    userOperation({
      name: 'conversations.list',
      method: 'GET',
      path: '/conversations',
      summary: "The asker's conversations: those pinned, then the latest first",
      input: input({
        ...paging,
        hidden: Type.Optional(Type.Boolean({ description: 'Those that are hidden instead.' })),
      }),
      output: page(conversation),
      status: 200,
      errors: [],
      async handle({ hidden = false, ...given }, { identity: { uid } }) {
        const { limit, after } = readPaging(given);
        const behind = parsePosition(after);
        const { items, next } = (await lists.of(uid)).page(hidden, behind, limit);
        return {
          items: await describe(details, uid, items, clock()),
          ...(next !== undefined && { next: toCursor(positionText(next)) }),
        };
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
      summary: 'Mark a conversation as read up to an event, or change what the asker keeps about it',
      input: input({ conv, read: Type.Optional(seq), ...changes }),
      output: conversation,
      status: 200,
      errors: ['conversation.not-found', 'conversation.full'],
      async handle({ conv: id, read, ...wish }, { identity: { uid } }) {
        const { settings } = await requireReadable(directory, id, uid);
        const changesSettings = Object.keys(wish).length > 0;
        if (read === undefined && !changesSettings)
          throw new PetrelError('request.invalid', 'There is nothing to change.');
        if (read !== undefined) await moveRead(id, uid, read);
        if (changesSettings) await change(id, uid, wish, settings !== undefined);
        return one(id, uid);
      },
    }),
    userOperation({
      name: 'conversations.remove',
      method: 'DELETE',
      path: '/conversations/{conv}',
      summary: "Take a conversation and all that was said in it out of the asker's view; others keep it",
      input: input({ conv }),
      output: none,
      status: 204,
      errors: ['conversation.not-found'],
      async handle({ conv: id }, { identity: { uid } }) {
        const { settings } = await requireReadable(directory, id, uid);
        const [head = empty] = await timeline.heads([id]);
        if (head.seq === 0 && settings === undefined) return null;
        await directory.changeSettings(uid, id, {
          pinnedAt: 0,
          hiddenN: null,
          draft: null,
          markedUnread: false,
          cleared: { seq: head.seq, n: head.n },
        });
        tell(uid, { conv: id, cleared: head.seq });
        return null;
      },
    }),
  ];
}
