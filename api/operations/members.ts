import { Type } from 'typebox';
import { PetrelError } from '../../schemas/errors.ts';
import type { GroupChange, Member } from '../../store/directory.ts';
import { groupEvent } from '../groups/events.ts';
import { type Operation, userOperation } from '../operation.ts';
import type { Services } from '../services.ts';
import { missingUser } from './existing.ts';
import { maxUidsInCall } from './groups.ts';
import { gid, input, member, none, page, paging, readPaging, toPage, uid } from './shapes.ts';

const maxMembers = 100_000;

const toShape = ({ uid: id, role, nick, mutedUntil, joinedAt }: Member) => ({
  uid: id,
  role,
  ...(nick !== undefined && { nick }),
  ...(mutedUntil > 0 && { mutedUntil }),
  joinedAt,
});

/** The asker's own membership where they may change others'. */
async function requireAdmin(change: GroupChange, asker: string): Promise<Member> {
  const found = change.group && (await change.member(asker));
  if (found === undefined) throw new PetrelError('group.not-found');
  if (found.role === 'member') throw new PetrelError('auth.forbidden');
  return found;
}

export function memberOperations({
  directory,
  groupEvents,
  clock,
}: Pick<Services, 'directory' | 'groupEvents' | 'clock'>): Operation[] {
  return [
    userOperation({
      name: 'groups.members.list',
      method: 'GET',
      path: '/groups/{gid}/members',
      summary: 'Members in the order of their uids',
      input: input({ gid, ...paging }),
      output: page(member),
      status: 200,
      errors: ['group.not-found'],
      async handle(given, { identity }) {
        const { limit, after } = readPaging(given);
        const [group, asker] = await Promise.all([
          directory.getGroup(given.gid),
          directory.getMember(given.gid, identity.uid),
        ]);
        if (group === undefined || asker === undefined) throw new PetrelError('group.not-found');
        const found = await directory.listMembers(given.gid, after, limit + 1);
        return toPage(found, limit, (one) => one.uid, toShape);
      },
    }),
    userOperation({
      name: 'groups.members.add',
      method: 'POST',
      path: '/groups/{gid}/members',
      summary: 'Add members; who is one already stays as they are',
      input: input({ gid, uids: Type.Array(uid, { minItems: 1, maxItems: maxUidsInCall }) }),
      output: Type.Object({
        added: Type.Array(uid, { description: 'Who was no member before.' }),
        memberCount: Type.Integer(),
      }),
      status: 200,
      errors: ['group.not-found', 'auth.forbidden', 'user.not-found', 'group.full'],
      async handle(given, { identity }) {
        const by = identity.uid;
        // First whether the asker may at all: who may not learns nothing of who exists.
        await directory.changeGroup(given.gid, (change) => requireAdmin(change, by));
        const missing = await missingUser(directory, given.uids);
        if (missing !== undefined) throw new PetrelError('user.not-found', `There is no user ${missing}.`);
        const answer = await directory.changeGroup(given.gid, async (change) => {
          await requireAdmin(change, by);
          const added = await change.add(given.uids, 'member', clock());
          const memberCount = change.group!.memberCount + added.length;
          if (memberCount > maxMembers) throw new PetrelError('group.full');
          if (added.length > 0)
            await change.owe(groupEvent('member', by, { action: 'added', uids: added, by }));
          return { added, memberCount };
        });
        if (answer.added.length > 0) await groupEvents.settle(given.gid);
        return answer;
      },
    }),
    userOperation({
      name: 'groups.members.remove',
      method: 'DELETE',
      path: '/groups/{gid}/members/{uid}',
      summary: 'Remove a member; nobody removes the owner, only the owner removes admins',
      input: input({ gid, uid }),
      output: none,
      status: 204,
      errors: ['group.not-found', 'auth.forbidden', 'user.not-found', 'group.owner'],
      async handle(given, { identity }) {
        const by = identity.uid;
        await directory.changeGroup(given.gid, async (change) => {
          const asker = await requireAdmin(change, by);
          const target = await change.member(given.uid);
          if (target === undefined) throw new PetrelError('user.not-found');
          if (target.role === 'owner')
            throw new PetrelError(by === given.uid ? 'group.owner' : 'auth.forbidden');
          if (target.role === 'admin' && asker.role !== 'owner' && by !== given.uid)
            throw new PetrelError('auth.forbidden');
          await change.remove(given.uid);
          await change.owe(groupEvent('member', by, { action: 'removed', uids: [given.uid], by }));
        });
        await groupEvents.settle(given.gid);
        return null;
      },
    }),
  ];
}
