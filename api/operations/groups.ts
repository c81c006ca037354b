import { randomBytes } from 'node:crypto';
import { Type } from 'typebox';
import { PetrelError } from '../../schemas/errors.ts';
import type { Group, GroupRole } from '../../store/directory.ts';
import { groupEvent } from '../groups/events.ts';
import { type Operation, userOperation } from '../operation.ts';
import type { Services } from '../services.ts';
import { missingUser } from './existing.ts';
import {
  gid,
  group,
  historyPolicy,
  input,
  joinPolicy,
  label,
  none,
  page,
  paging,
  readPaging,
  toPage,
  uid,
} from './shapes.ts';

export const maxUidsInCall = 10_000;

const newGid = (): string => `g${BigInt(`0x${randomBytes(10).toString('hex')}`).toString(36)}`;

const toShape = (found: Group, role: GroupRole) => ({ ...found, role });

export function groupOperations(
  services: Pick<Services, 'directory' | 'groupEvents' | 'clock'>,
): Operation[] {
  const { directory, groupEvents, clock } = services;
  return [
    userOperation({
      name: 'groups.create',
      method: 'POST',
      path: '/groups',
      summary: 'Make a group with oneself as its owner',
      limit: 'group',
      input: input({
        name: label(100),
        members: Type.Optional(Type.Array(uid, { maxItems: maxUidsInCall })),
        avatar: Type.Optional(label(1024)),
        announcement: Type.Optional(Type.String({ maxLength: 4096 })),
        join: Type.Optional(joinPolicy),
        muted: Type.Optional(Type.Boolean()),
        history: Type.Optional(historyPolicy),
      }),
      output: group,
      status: 201,
      errors: ['user.not-found'],
      async handle({ name, members = [], avatar, announcement, join, muted, history }, { identity }) {
        const owner = identity.uid;
        const others = [...new Set(members)].filter((member) => member !== owner);
        const missing = await missingUser(directory, others);
        if (missing !== undefined) throw new PetrelError('user.not-found', `There is no user ${missing}.`);
        const created = {
          gid: newGid(),
          name,
          owner,
          ...(avatar !== undefined && { avatar }),
          ...(announcement !== undefined && { announcement }),
          join: join ?? 'invite',
          muted: muted ?? false,
          history: history ?? 'joined',
          createdAt: clock(),
        };
        const body = { action: 'created', name, uids: [owner, ...others] };
        await directory.createGroup(created, others, groupEvent('group', owner, body));
        await groupEvents.settle(created.gid);
        return toShape({ ...created, memberCount: others.length + 1 }, 'owner');
      },
    }),
    userOperation({
      name: 'groups.list',
      method: 'GET',
      path: '/groups',
      summary: "The asker's groups",
      input: input(paging),
      output: page(group),
      status: 200,
      errors: [],
      async handle(given, { identity }) {
        const { limit, after } = readPaging(given);
        const found = await directory.listGroups(identity.uid, after, limit + 1);
        return toPage(
          found,
          limit,
          (one) => one.group.gid,
          (one) => toShape(one.group, one.role),
        );
      },
    }),
    userOperation({
      name: 'groups.get',
      method: 'GET',
      path: '/groups/{gid}',
      summary: 'A group that the asker is a member of',
      input: input({ gid }),
      output: group,
      status: 200,
      errors: ['group.not-found'],
      async handle(given, { identity }) {
        const [found, member] = await Promise.all([
          directory.getGroup(given.gid),
          directory.getMember(given.gid, identity.uid),
        ]);
        if (found === undefined || member === undefined) throw new PetrelError('group.not-found');
        return toShape(found, member.role);
      },
    }),
    userOperation({
      name: 'groups.leave',
      method: 'POST',
      path: '/groups/{gid}/leave',
      summary: 'Leave a group; its owner cannot',
      input: input({ gid }),
      output: none,
      status: 204,
      errors: ['group.not-found', 'group.owner'],
      async handle(given, { identity }) {
        await directory.changeGroup(given.gid, async (change) => {
          const member = change.group && (await change.member(identity.uid));
          if (member === undefined) throw new PetrelError('group.not-found');
          if (member.role === 'owner') throw new PetrelError('group.owner');
          await change.remove(identity.uid);
          const body = { action: 'left', uids: [identity.uid], by: identity.uid };
          await change.owe(groupEvent('member', identity.uid, body));
        });
        await groupEvents.settle(given.gid);
        return null;
      },
    }),
    userOperation({
      name: 'groups.dissolve',
      method: 'DELETE',
      path: '/groups/{gid}',
      summary: 'End a group; for its owner',
      input: input({ gid }),
      output: none,
      status: 204,
      errors: ['group.not-found', 'auth.forbidden'],
      async handle(given, { identity }) {
        await directory.changeGroup(given.gid, async (change) => {
          const member = change.group && (await change.member(identity.uid));
          if (member === undefined) throw new PetrelError('group.not-found');
          if (member.role !== 'owner') throw new PetrelError('auth.forbidden');
          await change.dissolve(clock());
          await change.owe(groupEvent('group', identity.uid, { action: 'dissolved' }));
        });
        await groupEvents.settle(given.gid);
        return null;
      },
    }),
  ];
}
