import { type Static, type TProperties, Type } from 'typebox';
import type { ErrorCode } from './errors.ts';
import { platforms, uidPattern } from './identity.ts';

const uid = Type.String({ pattern: uidPattern.source, description: 'A user.' });
const gid = Type.String({ pattern: uidPattern.source, description: 'A group.' });
const conv = Type.String({ description: 'The conversation.' });
const seq = Type.Integer({ minimum: 1 });
const time = Type.Integer({ description: 'ms since 1970' });
const text = Type.String();

const notice = <T extends string, P extends TProperties>(type: T, members: P, description: string) =>
  Type.Object({ type: Type.Literal(type), ...members }, { description });

const action = <A extends string>(value: A) => Type.Literal(value);

/** Every notice on `n/{uid}`, by its type: what a user is told besides `ts`, which the broker adds. */
export const noticeSchemas = {
  read: [
    notice('read', { conv, uid, seq }, 'The user has read up to there; yourself on another device too.'),
  ],
  delivered: [notice('delivered', { conv, uid, seq }, "The user's device has it up to there.")],
  typing: [notice('typing', { conv, uid, on: Type.Boolean() }, 'The user is typing, or stopped.')],
  conversation: [
    notice(
      'conversation',
      {
        conv,
        pinned: Type.Optional(Type.Boolean()),
        pinnedAt: Type.Optional(time),
        muted: Type.Optional(Type.Boolean()),
        mutedUntil: Type.Optional(time),
        hidden: Type.Optional(Type.Boolean()),
        draft: Type.Optional(
          Type.Union([text, Type.Null()], { description: 'null where it was taken away.' }),
        ),
        draftAt: Type.Optional(time),
        markedUnread: Type.Optional(Type.Boolean()),
        cleared: Type.Optional(
          Type.Integer({ description: 'Everything up to this seq was removed from your view.' }),
        ),
      },
      'You changed, on another device, what you keep about the conversation.',
    ),
  ],
  friend: [
    notice(
      'friend',
      {
        uid,
        action: action('request'),
        direction: Type.Enum(['in', 'out'], { description: '`out` where you have asked.' }),
        id: text,
        note: Type.Optional(text),
      },
      'There is a request for friendship.',
    ),
    notice(
      'friend',
      { uid, action: Type.Enum(['accepted', 'declined']), id: text },
      'A request was answered.',
    ),
    notice('friend', { uid, action: action('removed') }, 'You are no longer friends.'),
    notice(
      'friend',
      { uid, action: action('remark'), remark: Type.Optional(text) },
      'You changed, on another device, what you call a friend.',
    ),
  ],
  group: [
    notice(
      'group',
      { gid, action: Type.Enum(['added', 'removed', 'dissolved']) },
      'You are a member now, or no longer.',
    ),
    notice('group', { gid, action: action('request'), uid }, 'To owner and admins: the user asks to join.'),
    notice('group', { gid, action: action('declined') }, 'Your request to join was declined.'),
    notice(
      'group',
      { gid, action: action('invited'), by: uid, code: text, expiresAt: time },
      'You are invited; `code` is for groups.join.',
    ),
  ],
  device: [
    notice(
      'device',
      {
        action: Type.Enum(['signed-in', 'removed'], { description: '`signed-in`: one not known before.' }),
        did: text,
        platform: Type.Optional(Type.Enum([...platforms])),
        name: Type.Optional(text),
      },
      'About a device of yours, to the others.',
    ),
  ],
  gap: [notice('gap', { conv, from: seq, to: seq }, 'These events are not replayed, both ends included.')],
  error: [
    notice(
      'error',
      {
        id: Type.Optional(Type.String({ description: 'Your id of the message.' })),
        code: Type.Unsafe<ErrorCode>({ type: 'string', description: 'One of the list of errors.' }),
        message: text,
        retryable: Type.Boolean(),
        retryAfter: Type.Optional(Type.Integer({ description: 'How long to wait, ms.' })),
      },
      'A message of yours that could not be answered otherwise was refused.',
    ),
  ],
} as const;

export type NoticeType = keyof typeof noticeSchemas;

/** The forms of the notices of a type. */
export type NoticeOf<T extends NoticeType> = Static<(typeof noticeSchemas)[T][number]>;
