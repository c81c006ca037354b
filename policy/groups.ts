import type { GroupRole } from '../store/directory.ts';

/** Who asks something of a group: a member by role, a user who is none, or an application's backend (scope `admin`). */
export const groupActors = ['owner', 'admin', 'member', 'outsider', 'system'] as const;
export type GroupActor = (typeof groupActors)[number];

const members = ['owner', 'admin', 'member'] as const;
const managers = ['owner', 'admin'] as const;

/** The one table of what may be done in a group, and by whom. To whom, `mayActOn` tells. */
export const groupPermissions = {
  /** See the group, its events and its receipts; say what one has read. */
  read: members,
  send: members,
  /** Write while the whole group is muted. */
  'send-when-muted': managers,
  'mention-all': managers,
  pin: managers,
  'recall-others': managers,
  /** The group itself, by `groups.get`. */
  get: [...members, 'system'],
  'members.list': [...members, 'system'],
  'members.add': [...managers, 'system'],
  'members.remove': [...managers, 'system'],
  'members.mute': [...managers, 'system'],
  'roles.change': ['owner', 'system'],
  'nick.own': members,
  'nick.others': [...managers, 'system'],
  'settings.update': [...managers, 'system'],
  announcement: [...managers, 'system'],
  /** Make invitations, see those that hold, and take them back. */
  invite: [...managers, 'system'],
  /** See who asks to join, and accept or decline. */
  'requests.decide': [...managers, 'system'],
  transfer: ['owner', 'system'],
  dissolve: ['owner', 'system'],
  leave: ['admin', 'member'],
  join: [...members, 'outsider'],
} as const satisfies Record<string, readonly GroupActor[]>;

export type GroupAction = keyof typeof groupPermissions;

export const groupActions = Object.keys(groupPermissions) as GroupAction[];

export const mayInGroup = (actor: GroupActor, action: GroupAction): boolean =>
  (groupPermissions[action] as readonly GroupActor[]).includes(actor);

const ranks: Record<GroupActor, number> = { outsider: 0, member: 1, admin: 2, owner: 3, system: 4 };

/**
 * Whether the actor may do this to a member of that role: to those below them, so that admins leave each other alone;
 * nobody, whoever they are, mutes or removes the owner.
 */
export function mayActOn(actor: GroupActor, action: GroupAction, member: GroupRole): boolean {
  if (member === 'owner' && (action === 'members.mute' || action === 'members.remove')) return false;
  return mayInGroup(actor, action) && ranks[actor] > ranks[member];
}
