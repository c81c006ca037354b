import { type Static, type TSchema, Type } from 'typebox';
import { PetrelError } from '../../schemas/errors.ts';
import { platforms, uidPattern } from '../../schemas/identity.ts';
import { friendRequestStates, groupRoles, historyPolicies, joinPolicies } from '../../store/directory.ts';

/** An input: unknown members are refused. */
export const input = <P extends Record<string, TSchema>>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });

export const oneOf = <const V extends readonly string[]>(values: V) =>
  Type.Enum(values as unknown as [V[number], ...V[number][]]);

export const uid = Type.String({
  pattern: uidPattern.source,
  description: 'A user: 1 to 64 of a-z 0-9 _ . -',
});
export const gid = Type.String({ pattern: uidPattern.source, description: 'A group.' });
export const conv = Type.String({
  minLength: 1,
  maxLength: 256,
  description: 'A conversation: u:{a}:{b} with the two uids in ascending order, or g:{gid}.',
});
export const seq = Type.Integer({
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'Place in the conversation.',
});
export const code = Type.String({
  minLength: 1,
  maxLength: 32,
  pattern: '^[A-Za-z0-9_-]+$',
  description: 'Of an invitation.',
});
export const time = Type.Integer({ description: 'ms since 1970' });
export const platform = oneOf(platforms);
/** Text for people: no control characters. */
export const label = (maxLength: number) =>
  Type.String({ minLength: 1, maxLength, pattern: '^[^\\u0000-\\u001f\\u007f]*$' });

export const maxPage = 500;
const defaultPage = 100;

export const paging = {
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: maxPage,
      description: `At most this many; ${defaultPage} where absent.`,
    }),
  ),
  cursor: Type.Optional(
    Type.String({ minLength: 1, maxLength: 512, description: 'The `next` of the page before.' }),
  ),
};

export const page = <T extends TSchema>(item: T) =>
  Type.Object({
    items: Type.Array(item),
    next: Type.Optional(Type.String({ description: 'Cursor of the next page; absent on the last.' })),
  });

/** Where a page begins and how long it is; `request.invalid` for a cursor that we did not make. */
export function readPaging({ limit = defaultPage, cursor }: { limit?: number; cursor?: string }): {
  limit: number;
  after: string;
} {
  if (cursor === undefined) return { limit, after: '' };
  const after = Buffer.from(cursor, 'base64url').toString('utf8');
  if (toCursor(after) !== cursor) throw new PetrelError('request.invalid', 'This cursor is not one of ours.');
  return { limit, after };
}

export const toCursor = (after: string): string => Buffer.from(after, 'utf8').toString('base64url');

interface Page<Item> {
  items: Item[];
  next?: string;
}

/** A page of what was read with one more than the limit; as it was read, where `show` is absent. */
export function toPage<T>(found: readonly T[], limit: number, keyOf: (found: T) => string): Page<T>;
export function toPage<T, Item>(
  found: readonly T[],
  limit: number,
  keyOf: (found: T) => string,
  show: (found: T) => Item,
): Page<Item>;
export function toPage<T>(
  found: readonly T[],
  limit: number,
  keyOf: (found: T) => string,
  show: (found: T) => unknown = (one) => one,
): Page<unknown> {
  const shown = found.slice(0, limit);
  return {
    items: shown.map(show),
    ...(found.length > limit && { next: toCursor(keyOf(shown.at(-1)!)) }),
  };
}

export const none = Type.Null({ description: 'Nothing.' });

export const session = Type.Object({
  uid,
  accessToken: Type.String(),
  refreshToken: Type.String(),
  expiresIn: Type.Integer({ description: 'Life of the access token, seconds.' }),
  tokenType: Type.Literal('Bearer'),
});

export const profile = Type.Object({
  uid,
  name: Type.Optional(Type.String()),
  avatar: Type.Optional(Type.String()),
  bio: Type.Optional(Type.String()),
  createdAt: time,
});

/** One's own: with the settings that are nobody else's to know. */
export const ownProfile = Type.Object({
  ...profile.properties,
  discoverable: Type.Boolean(),
  readReceipts: Type.Boolean(),
  invisible: Type.Boolean(),
});

export const presence = Type.Object(
  {
    online: Type.Boolean(),
    ts: { ...time, description: 'Online or offline since then, ms since 1970.' },
    platforms: Type.Optional(Type.Array(platform, { description: 'While online: where.' })),
  },
  { description: 'Absent where the asker may not see it.' },
);

export const userProfile = Type.Object({
  ...profile.properties,
  presence: Type.Optional(presence),
  removed: Type.Optional(Type.Boolean({ description: 'The user was removed; the uid stays taken.' })),
});

export const friend = Type.Object({
  uid,
  name: Type.Optional(Type.String()),
  remark: Type.Optional(Type.String({ description: 'What the asker calls them.' })),
  since: time,
});

export const requestState = oneOf(friendRequestStates);

export const friendRequest = Type.Object({
  id: Type.String(),
  from: uid,
  to: uid,
  note: Type.Optional(Type.String()),
  state: requestState,
  at: time,
  decidedAt: Type.Optional(time),
});

export const blockedUser = Type.Object({ uid, name: Type.Optional(Type.String()), since: time });

export const device = Type.Object({
  did: Type.String(),
  platform: Type.Optional(platform),
  name: Type.Optional(Type.String()),
  lastSeen: { ...time, description: 'ms since 1970; now, while it is online' },
  online: Type.Boolean({ description: 'Whether it is connected over MQTT.' }),
  current: Type.Boolean({ description: 'Whether it is the one that asks.' }),
});

export const role = oneOf(groupRoles);
export const joinPolicy = oneOf(joinPolicies);
export const historyPolicy = oneOf(historyPolicies);

export const group = Type.Object({
  gid,
  name: Type.String(),
  owner: uid,
  avatar: Type.Optional(Type.String()),
  announcement: Type.Optional(Type.String()),
  join: joinPolicy,
  muted: Type.Boolean(),
  history: historyPolicy,
  memberCount: Type.Integer(),
  createdAt: time,
  role: Type.Optional(role),
});

export const member = Type.Object({
  uid,
  role,
  nick: Type.Optional(Type.String()),
  mutedUntil: Type.Optional(time),
  joinedAt: time,
});

/** With the name that the member has everywhere, for lists. */
export const namedMember = Type.Object({ ...member.properties, name: Type.Optional(Type.String()) });

export const event = Type.Object({
  conv: Type.String(),
  seq: Type.Integer(),
  n: Type.Integer(),
  ts: time,
  from: Type.String(),
  id: Type.String(),
  type: Type.String(),
  body: Type.Optional(Type.Object({})),
  edited: Type.Optional(time),
  recalled: Type.Optional(Type.Boolean()),
  pinned: Type.Optional(Type.Boolean()),
  reactions: Type.Optional(
    Type.Record(Type.String(), Type.Array(uid), {
      description: 'Who reacted with it, the earliest first, 100 at most.',
    }),
  ),
  reactionCounts: Type.Optional(
    Type.Record(Type.String(), Type.Integer(), { description: 'How many reacted with it.' }),
  ),
  forward: Type.Optional(
    Type.Object(
      {
        from: Type.Optional(Type.String()),
        ts: Type.Optional(time),
        count: Type.Optional(Type.Integer()),
      },
      { description: 'A forwarded message: who wrote it and when, or how many are merged in it.' },
    ),
  ),
});

export const pinnedEvent = Type.Object({
  ...event.properties,
  pinnedBy: uid,
  pinnedAt: time,
});

export const head = Type.Object({ seq: Type.Integer(), n: Type.Integer(), ts: time });

export const conversation = Type.Object({
  conv: Type.String(),
  kind: oneOf(['direct', 'group'] as const),
  uid: Type.Optional(uid),
  gid: Type.Optional(gid),
  name: Type.Optional(Type.String()),
  head: Type.Union([event, Type.Null()]),
  unread: Type.Integer(),
  mentions: Type.Integer(),
  read: Type.Integer(),
  peerRead: Type.Optional(Type.Integer()),
  pinned: Type.Boolean(),
  pinnedAt: Type.Optional(time),
  muted: Type.Boolean(),
  mutedUntil: Type.Optional(time),
  hidden: Type.Boolean(),
  markedUnread: Type.Boolean(),
  draft: Type.Optional(Type.String()),
  draftAt: Type.Optional(time),
});

export type ConversationShape = Static<typeof conversation>;
