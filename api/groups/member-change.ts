import { mayActOn, mayInGroup } from '../../policy/groups.ts';
import { PetrelError } from '../../schemas/errors.ts';
import type { Identity } from '../../schemas/identity.ts';
import type { GroupChange, GroupRole, Member } from '../../store/directory.ts';
import { type Standing, standingIn } from './actor.ts';
import { groupEvent } from './events.ts';

/** What somebody wants changed of a member. */
export interface MemberWish {
  readonly uid: string;
  readonly role?: GroupRole;
  /** ms; null or what has passed unmutes. */
  readonly mutedUntil?: number | null;
  readonly nick?: string | null;
}

/** Every wish is allowed, or none is done. */
function check({ as, actor }: Standing, asker: string, target: Member, wish: MemberWish): void {
  const forbid = (): never => {
    throw new PetrelError('auth.forbidden');
  };
  if (wish.role !== undefined) {
    if (!mayInGroup(as, wish.role === 'owner' ? 'transfer' : 'roles.change')) forbid();
    if (target.role === 'owner' && wish.role !== 'owner') throw new PetrelError('group.owner');
  }
  if (wish.mutedUntil !== undefined && !mayActOn(as, 'members.mute', target.role)) forbid();
  if (wish.nick !== undefined) {
    const own = target.uid === asker && !actor.isSystem;
    if (!(own ? mayInGroup(as, 'nick.own') : mayActOn(as, 'nick.others', target.role))) forbid();
  }
}

/**
 * Changes a member inside a group's transaction, with an event for each thing that is different afterwards. Answers the
 * member as they are then.
 */
export async function changeMember(
  change: GroupChange,
  identity: Identity,
  wish: MemberWish,
  now: number,
): Promise<Member> {
  const standing = await standingIn(change, identity, 'get');
  const target = await change.member(wish.uid);
  if (target === undefined) throw new PetrelError('user.not-found');
  check(standing, identity.uid, target, wish);
  const by = standing.actor.uid;
  const owe = (body: { action: string; [member: string]: unknown }) =>
    change.owe(groupEvent('member', by, { ...body, uids: [target.uid], by }));

  const { uid } = target;
  if (wish.mutedUntil !== undefined) {
    const mutedUntil = (wish.mutedUntil ?? 0) > now ? wish.mutedUntil! : 0;
    const before = target.mutedUntil > now ? target.mutedUntil : 0;
    if (mutedUntil !== target.mutedUntil) await change.updateMember(uid, { mutedUntil });
    if (mutedUntil !== before)
      await owe(mutedUntil > 0 ? { action: 'muted', mutedUntil } : { action: 'unmuted' });
  }
  if (wish.nick !== undefined && wish.nick !== (target.nick ?? null)) {
    await change.updateMember(uid, { nick: wish.nick });
    await owe({ action: 'nick', nick: wish.nick });
  }
  if (wish.role !== undefined && wish.role !== target.role) {
    if (wish.role === 'owner') {
      await change.transfer(uid);
      await change.owe(groupEvent('group', by, { action: 'owner', uid, by }));
    } else {
      await change.updateMember(uid, { role: wish.role });
      await owe({ action: 'role', role: wish.role });
    }
  }
  return (await change.member(uid))!;
}
