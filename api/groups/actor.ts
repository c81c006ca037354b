import { type GroupAction, type GroupActor, mayInGroup } from '../../policy/groups.ts';
import { PetrelError } from '../../schemas/errors.ts';
import { type Identity, systemUid } from '../../schemas/identity.ts';
import type { Directory, Group, GroupChange, Member } from '../../store/directory.ts';

/** Who does something: the caller, or the system for an application's backend (scope `admin`). */
export interface Actor {
  /** As events name them, in `from` and `by`. */
  readonly uid: string;
  readonly isSystem: boolean;
}

export const actorOf = (identity: Identity): Actor =>
  identity.scopes.has('admin') ? { uid: systemUid, isSystem: true } : { uid: identity.uid, isSystem: false };

/** An actor before a group: what it is, and as what they come. */
export interface Standing {
  readonly actor: Actor;
  readonly group: Group;
  readonly as: GroupActor;
  /** The caller's own membership, where they have one. */
  readonly member?: Member;
}

/** `group.not-found` where there is no such group, or it is not the caller's to know. */
function standingOf(identity: Identity, group: Group | undefined, member: Member | undefined): Standing {
  const actor = actorOf(identity);
  if (group === undefined || (member === undefined && !actor.isSystem))
    throw new PetrelError('group.not-found');
  return {
    actor,
    group,
    as: actor.isSystem ? 'system' : member!.role,
    ...(member !== undefined && { member }),
  };
}

export function allow(standing: Standing, action: GroupAction): void {
  if (!mayInGroup(standing.as, action)) throw new PetrelError('auth.forbidden');
}

/** Inside a group's transaction: how the caller stands, who may do this. */
export async function standingIn(
  change: GroupChange,
  identity: Identity,
  action: GroupAction,
): Promise<Standing> {
  const standing = standingOf(identity, change.group, await change.member(identity.uid));
  allow(standing, action);
  return standing;
}

/** The same for what only reads. */
export async function standingAt(
  directory: Pick<Directory, 'getGroup' | 'getMember'>,
  gid: string,
  identity: Identity,
  action: GroupAction,
): Promise<Standing> {
  const [group, member] = await Promise.all([
    directory.getGroup(gid),
    directory.getMember(gid, identity.uid),
  ]);
  const standing = standingOf(identity, group, member);
  allow(standing, action);
  return standing;
}
