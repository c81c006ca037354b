import { type Conv, peerOf } from '../../schemas/event.ts';
import { type Directory, mutedForEver } from '../../store/directory.ts';
import type { Timeline } from '../../store/timeline.ts';
import type { ConversationShape } from '../operations/shapes.ts';
import { seenFrom } from './access.ts';
import type { HeadEvents } from './head-events.ts';
import { unreadOf } from './unread.ts';
import { isHidden, type Listed } from './user-list.ts';

export interface DetailStores {
  readonly timeline: Pick<Timeline, 'cursors'>;
  readonly headEvents: HeadEvents;
  readonly directory: Pick<Directory, 'peers' | 'groupNames' | 'countMentions'>;
}

const partOf = (conv: Conv, uid: string) =>
  conv.kind === 'direct'
    ? { kind: 'direct' as const, uid: peerOf(conv, uid) }
    : { kind: 'group' as const, gid: conv.gid };

/** What a list shows of these conversations of the user: a handful of reads, however many they are. */
export async function describe(
  { timeline, directory, headEvents }: DetailStores,
  uid: string,
  listed: readonly Listed[],
  now: number,
): Promise<ConversationShape[]> {
  const seen = listed.map((one) => ({ ...one, ...seenFrom(one, one.settings) }));
  const withHead = seen.filter(({ head, since }) => head.seq >= since);
  const directs = seen.flatMap(({ conv }) => (conv.kind === 'direct' ? [conv] : []));
  const peerUids = directs.map((conv) => peerOf(conv, uid));
  const [heads, cursors, people, groupNames] = await Promise.all([
    headEvents.read(withHead.map(({ conv, head }) => ({ conv: conv.id, seq: head.seq }))),
    timeline.cursors([
      ...seen.map(({ conv }) => ({ conv: conv.id, uid })),
      ...directs.map((conv, i) => ({ conv: conv.id, uid: peerUids[i]! })),
    ]),
    directory.peers([...new Set([uid, ...peerUids])]),
    directory.groupNames(seen.flatMap(({ conv }) => (conv.kind === 'group' ? [conv.gid] : []))),
  ]);
  const peerReads = new Map(cursors.slice(seen.length).map(({ conv, read }) => [conv, read]));
  const counts = seen.map(({ head, since, sinceN }, i) => ({
    unread: unreadOf(head.seq >= since ? head : undefined, cursors[i]!, sinceN),
    from: Math.max(cursors[i]!.readN, sinceN),
  }));
  const unreadIn = seen.flatMap(({ conv }, i) =>
    counts[i]!.unread > 0 ? [{ conv: conv.id, n: counts[i]!.from }] : [],
  );
  const mentioned = unreadIn.length === 0 ? [] : await directory.countMentions(uid, unreadIn);
  const mentions = new Map(unreadIn.map(({ conv }, i) => [conv, mentioned[i]!]));
  const showsReads = people.get(uid)?.readReceipts !== false;

  return seen.map(({ conv, head, settings }, i) => {
    const part = partOf(conv, uid);
    const person = part.kind === 'direct' ? people.get(part.uid) : undefined;
    const name = part.kind === 'direct' ? person?.name : groupNames.get(part.gid);
    return {
      conv: conv.id,
      ...part,
      ...(name !== undefined && { name }),
      head: heads.get(conv.id) ?? null,
      unread: counts[i]!.unread,
      mentions: mentions.get(conv.id) ?? 0,
      read: cursors[i]!.read,
      // Who does not tell how far they have read is not told of others either.
      ...(part.kind === 'direct' &&
        showsReads &&
        person?.readReceipts !== false && { peerRead: peerReads.get(conv.id) ?? 0 }),
      ...settingsShape(settings, now),
      hidden: isHidden(head, settings),
    };
  });
}

/** The settings of a conversation as their owner sees them, whether it is hidden aside. */
export function settingsShape(settings: Listed['settings'], now: number) {
  const { pinnedAt = 0, mutedUntil = 0, markedUnread = false, draft } = settings ?? {};
  const muted = mutedUntil > now;
  return {
    pinned: pinnedAt > 0,
    ...(pinnedAt > 0 && { pinnedAt }),
    muted,
    ...(muted && mutedUntil !== mutedForEver && { mutedUntil }),
    markedUnread,
    ...(draft !== undefined && { draft: draft.text, draftAt: draft.at }),
  };
}
