import { type Conv, type ConvId, groupConv, type Head, parseConv, peerOf } from '../../schemas/event.ts';
import type { Directory } from '../../store/directory.ts';
import type { Timeline } from '../../store/timeline.ts';

/** A conversation of a user, before its details are read. */
export interface Listed {
  readonly conv: Conv;
  readonly head: Head | undefined;
  readonly since: number;
  /** `n` when the user came. */
  readonly sinceN: number;
}

/** All conversations the user has a part in: the direct ones with events, and those of their groups. */
export async function conversationsOf(
  { directory, timeline }: { directory: Pick<Directory, 'groupsOf'>; timeline: Timeline },
  uid: string,
): Promise<Listed[]> {
  const [directs, groups] = await Promise.all([timeline.directs(uid), directory.groupsOf(uid)]);
  const heads = await timeline.heads(groups.map(({ gid }) => groupConv(gid)));
  return [
    ...directs.map(({ conv, head }) => ({ conv: parseConv(conv)!, head, since: 1, sinceN: 0 })),
    ...groups.map(({ gid, since, sinceN }, i) => ({
      conv: { kind: 'group' as const, id: groupConv(gid), gid },
      head: heads[i],
      since,
      sinceN,
    })),
  ];
}

/** Names of the conversations: the group's, or the other user's; absent where they have none. */
export async function namesOf(
  directory: Pick<Directory, 'names' | 'getGroup'>,
  convs: readonly Conv[],
  uid: string,
): Promise<Map<ConvId, string>> {
  const peers = await directory.names([
    ...new Set(convs.flatMap((conv) => (conv.kind === 'direct' ? [peerOf(conv, uid)] : []))),
  ]);
  const found = await Promise.all(
    convs.map(async (conv) =>
      conv.kind === 'direct' ? peers.get(peerOf(conv, uid)) : (await directory.getGroup(conv.gid))?.name,
    ),
  );
  return new Map(
    convs.flatMap((conv, i) => (found[i] === undefined ? [] : [[conv.id, found[i]] as [string, string]])),
  );
}
