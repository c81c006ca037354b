import type { Operations } from '../../../sdk/operations.ts';

export type GroupInfo = Operations['groups.get']['output'];
export type Member = Operations['groups.members.list']['output']['items'][number];
export type Role = Member['role'];

const ranks: Readonly<Record<Role, number>> = { member: 1, admin: 2, owner: 3 };

/** Whether the role may change settings, add members, invite and decide on requests. */
export const isManager = (role: Role | undefined): boolean => role === 'owner' || role === 'admin';

export type MemberAction =
  | 'make-admin'
  | 'take-admin'
  | 'hand-over'
  | 'mute'
  | 'unmute'
  | 'rename'
  | 'remove';

/** What somebody may do to a member, in the order of a menu; the server decides in the end. */
export function memberActions(
  me: { readonly uid: string; readonly role: Role },
  member: Member,
  now: number,
): readonly MemberAction[] {
  if (member.uid === me.uid) return ['rename'];
  const isBelow = isManager(me.role) && ranks[me.role] > ranks[member.role];
  if (!isBelow) return [];
  const isOwner = me.role === 'owner';
  const actions: MemberAction[] = [];
  if (isOwner) actions.push(member.role === 'admin' ? 'take-admin' : 'make-admin', 'hand-over');
  actions.push(isMuted(member, now) ? 'unmute' : 'mute', 'rename', 'remove');
  return actions;
}

export const isMuted = (member: Member, now: number): boolean => (member.mutedUntil ?? 0) > now;

/** The server knows no mute without an end: one of this length is shown as such. */
export const foreverMs = 100 * 365 * 86_400_000;

export const isForever = (member: Member): boolean => (member.mutedUntil ?? 0) > Date.now() + foreverMs / 2;

/** What a member is called here: the nickname, else what the user calls them, else their name. */
export const calledOf = ({ nick, name, uid }: Member, remark: string | undefined): string =>
  nick || remark || name || uid;

/** Owner first, then admins, then members; those of a role in the order of their names. */
export function sortedMembers(
  members: readonly Member[],
  nameOf: (member: Member) => string,
  locale: string,
): readonly Member[] {
  const { compare } = new Intl.Collator(locale, { sensitivity: 'base', numeric: true });
  return members
    .map((member) => ({ member, name: nameOf(member) }))
    .sort((a, b) => ranks[b.member.role] - ranks[a.member.role] || compare(a.name, b.name))
    .map(({ member }) => member);
}
