import { Type } from 'typebox';
import { mayActOn } from '../../policy/groups.ts';
import { PetrelError } from '../../schemas/errors.ts';
import type { Member } from '../../store/directory.ts';
import { standingAt, standingIn } from '../groups/actor.ts';
import { addMembers } from '../groups/adding.ts';
import { groupEvent } from '../groups/events.ts';
import { changeMember } from '../groups/member-change.ts';
import { type Operation, userOperation } from '../operation.ts';
import type { Services } from '../services.ts';
import { maxUidsInCall } from './groups.ts';
import {
  gid,
  input,
  label,
  member,
  namedMember,
  none,
  page,
  paging,
  readPaging,
  role,
  toPage,
  uid,
} from './shapes.ts';

const toShape = ({ uid: id, role: its, nick, mutedUntil, joinedAt }: Member) => ({
  uid: id,
  role: its,
  ...(nick !== undefined && { nick }),
  ...(mutedUntil > 0 && { mutedUntil }),
  joinedAt,
});

export function memberOperations(
  services: Pick<Services, 'directory' | 'groupEvents' | 'maxGroupMembers' | 'clock'>,
): Operation[] {
  const { directory, groupEvents, clock } = services;
  return [
    userOperation({
      name: 'groups.members.list',
      method: 'GET',
      path: '/groups/{gid}/members',
      summary: 'Members in the order of their uids, with their names',
      input: input({ gid, ...paging }),
      output: page(namedMember),
      status: 200,
      errors: ['group.not-found'],
      async handle(given, { identity }) {
        const { limit, after } = readPaging(given);
        await standingAt(directory, given.gid, identity, 'members.list');
        const found = await directory.listMembers(given.gid, after, limit + 1);
        const names = await directory.names(found.map((one) => one.uid));
        return toPage(
          found,
          limit,
          (one) => one.uid,
          (one) => {
            const name = names.get(one.uid);
            return { ...toShape(one), ...(name !== undefined && { name }) };
          },
        );
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
      handle: ({ gid: id, uids }, { identity }) => addMembers(services, id, identity, uids),
    }),
    userOperation({
      name: 'groups.members.update',
      method: 'PATCH',
      path: '/groups/{gid}/members/{uid}',
      summary: 'Change what is given of a member: role (owner hands the group over), mute, nick',
      input: input({
        gid,
        uid,
        role: Type.Optional(role),
        mutedUntil: Type.Optional(
          Type.Union([Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }), Type.Null()], {
            description: 'ms since 1970; null or a time that has passed unmutes.',
          }),
        ),
        nick: Type.Optional(
          Type.Union([label(100), Type.Null()], {
            description: 'Their name in this group; null takes it away.',
          }),
        ),
      }),
      output: member,
      status: 200,
      errors: ['group.not-found', 'auth.forbidden', 'user.not-found', 'group.owner'],
      async handle({ gid: id, ...wish }, { identity }) {
        const changed = await directory.changeGroup(id, (change) =>
          changeMember(change, identity, wish, clock()),
        );
        await groupEvents.settle(id);
        return toShape(changed);
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
        await directory.changeGroup(given.gid, async (change) => {
          const { as, actor } = await standingIn(change, identity, 'members.remove');
          const target = await change.member(given.uid);
          if (target === undefined) throw new PetrelError('user.not-found');
          const own = given.uid === identity.uid;
          if (own && target.role === 'owner') throw new PetrelError('group.owner');
          if (!mayActOn(as, 'members.remove', target.role) && !own) throw new PetrelError('auth.forbidden');
          await change.remove(given.uid);
          const body = { action: 'removed', uids: [given.uid], by: actor.uid };
          await change.owe(groupEvent('member', actor.uid, body));
        });
        await groupEvents.settle(given.gid);
        return null;
      },
    }),
  ];
}
