import { randomBytes } from 'node:crypto';
import { type TSchema, Type } from 'typebox';
import { mayInGroup } from '../../policy/groups.ts';
import { PetrelError } from '../../schemas/errors.ts';
import { uidPattern } from '../../schemas/identity.ts';
import type { Group, GroupRole } from '../../store/directory.ts';
import { actorOf, allow, standingAt, standingIn } from '../groups/actor.ts';
import { groupEvent } from '../groups/events.ts';
import { changedSettings, withSettings } from '../groups/settings.ts';
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

const toShape = (found: Group, role: GroupRole | undefined) => ({ ...found, ...(role && { role }) });

const name = label(100);
const avatar = label(1024);
const announcement = Type.String({ maxLength: 4096 });

/** A setting that null takes away. */
const clearable = <T extends TSchema>(setting: T) => Type.Optional(Type.Union([setting, Type.Null()]));

export function groupOperations(
  services: Pick<Services, 'directory' | 'groupEvents' | 'maxGroupMembers' | 'clock'>,
): Operation[] {
  const { directory, groupEvents, maxGroupMembers, clock } = services;
  return [
    userOperation({
      name: 'groups.create',
      method: 'POST',
      path: '/groups',
      summary: 'Make a group with oneself as its owner',
      input: input({
        name,
        members: Type.Optional(Type.Array(uid, { maxItems: maxUidsInCall })),
        owner: Type.Optional(
          Type.String({
            pattern: uidPattern.source,
            description: 'Whose group it is; another than the asker with scope admin only.',
          }),
        ),
        avatar: Type.Optional(avatar),
        announcement: Type.Optional(announcement),
        join: Type.Optional(joinPolicy),
        muted: Type.Optional(Type.Boolean()),
        history: Type.Optional(historyPolicy),
      }),
      output: group,
      status: 201,
      errors: ['user.not-found', 'auth.forbidden', 'group.full'],
      limit: 'group',
      async handle({ members = [], owner: given, join, muted, history, ...named }, { identity }) {
        const owner = given ?? identity.uid;
        const { uid: by, isSystem } =
          given === undefined ? { ...identity, isSystem: false } : actorOf(identity);
        if (owner !== identity.uid && !isSystem) throw new PetrelError('auth.forbidden');
        const others = [...new Set(members)].filter((member) => member !== owner);
        if (others.length + 1 > maxGroupMembers) throw new PetrelError('group.full');
        const missing = await missingUser(directory, [owner, ...others]);
        if (missing !== undefined) throw new PetrelError('user.not-found', `There is no user ${missing}.`);
        const created = {
          gid: newGid(),
          ...named,
          owner,
          join: join ?? 'invite',
          muted: muted ?? false,
          history: history ?? 'joined',
          createdAt: clock(),
        };
        const settings = { join, muted, history };
        const body = { ...named, ...settings, action: 'created', uids: [owner, ...others] };
        await directory.createGroup(created, others, groupEvent('group', by, body));
        await groupEvents.settle(created.gid);
        const found = { ...created, memberCount: others.length + 1 };
        return toShape(found, owner === identity.uid ? 'owner' : undefined);
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
        const { group: found, member } = await standingAt(directory, given.gid, identity, 'get');
        return toShape(found, member?.role);
      },
    }),
    userOperation({
      name: 'groups.update',
      method: 'PATCH',
      path: '/groups/{gid}',
      summary: 'Change what is given of a group; null takes it away',
      input: input({
        gid,
        name: Type.Optional(name),
        avatar: clearable(avatar),
        announcement: clearable(announcement),
        join: Type.Optional(joinPolicy),
        muted: Type.Optional(Type.Boolean()),
        history: Type.Optional(historyPolicy),
      }),
      output: group,
      status: 200,
      errors: ['group.not-found', 'auth.forbidden'],
      async handle({ gid: id, ...given }, { identity }) {
        const [answer, isChanged] = await directory.changeGroup(id, async (change) => {
          const standing = await standingIn(change, identity, 'get');
          const { announcement: announced, ...settings } = given;
          if (announced !== undefined) allow(standing, 'announcement');
          if (announced === undefined || Object.keys(settings).length > 0) allow(standing, 'settings.update');
          const changed = changedSettings(standing.group, given);
          const differs = Object.keys(changed).length > 0;
          if (differs) {
            await change.update(changed);
            await change.owe(groupEvent('group', standing.actor.uid, { ...changed, action: 'updated' }));
          }
          return [toShape(withSettings(standing.group, changed), standing.member?.role), differs] as const;
        });
        if (isChanged) await groupEvents.settle(id);
        return answer;
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
          if (!mayInGroup(member.role, 'leave')) throw new PetrelError('group.owner');
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
          const { actor } = await standingIn(change, identity, 'dissolve');
          await change.dissolve(clock());
          await change.owe(groupEvent('group', actor.uid, { action: 'dissolved' }));
        });
        await groupEvents.settle(given.gid);
        return null;
      },
    }),
  ];
}
