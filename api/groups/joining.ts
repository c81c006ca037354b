import { PetrelError } from '../../schemas/errors.ts';
import type { GroupChange } from '../../store/directory.ts';
import type { Services } from '../services.ts';
import { admit } from './adding.ts';

type Joining = Pick<Services, 'directory' | 'groupEvents' | 'bus' | 'maxGroupMembers' | 'clock'>;

type Joined = 'joined' | 'pending';

/** Whether an invitation lets the user in, whatever the group's way of joining is. */
async function isInvited(change: GroupChange, uid: string, code: string, now: number): Promise<boolean> {
  const invite = await change.invited(code, now);
  return invite !== undefined && (invite.uids?.includes(uid) ?? true);
}

/**
 * A user joins by themselves: with an invitation, or as the group's `join` says. Twice is as good as once.
 * Throws `group.not-found`, `group.invite-not-found`, `auth.forbidden` and `group.full`.
 */
export async function join(
  services: Joining,
  gid: string,
  uid: string,
  code: string | undefined,
): Promise<Joined> {
  const { directory, groupEvents, bus, clock } = services;
  const come = async (change: GroupChange): Promise<'member' | 'asked' | Joined> => {
    const { group } = change;
    if (group === undefined) throw new PetrelError('group.not-found');
    if ((await change.member(uid)) !== undefined) return 'member';
    if (code !== undefined && !(await isInvited(change, uid, code, clock())))
      throw new PetrelError('group.invite-not-found');
    if (code !== undefined || group.join === 'open') {
      await admit(services, change, [uid], 'joined', uid);
      return 'joined';
    }
    if (group.join === 'invite') throw new PetrelError('auth.forbidden');
    return (await change.request(uid, clock())) ? 'asked' : 'pending';
  };
  const state = await directory.changeGroup(gid, come);
  if (state === 'joined') await groupEvents.settle(gid);
  if (state === 'asked')
    for (const manager of await directory.managersOf(gid))
      bus.publish({ type: 'notice', uid: manager, notice: { type: 'group', gid, action: 'request', uid } });
  return state === 'asked' || state === 'pending' ? 'pending' : 'joined';
}

/** What `{number}.{rest}` says as the place behind which a page begins; `request.invalid` where it is not of that form. */
export function readPlace(after: string): { at: number; key: string } | undefined {
  if (after === '') return undefined;
  const [, at, key] = /^(\d{1,15})\.(.+)$/.exec(after) ?? [];
  if (at === undefined || key === undefined)
    throw new PetrelError('request.invalid', 'This cursor is not one of ours.');
  return { at: Number(at), key };
}
