import { Type } from 'typebox';
import { PetrelError } from '../../schemas/errors.ts';
import { standingAt, standingIn } from '../groups/actor.ts';
import { admit } from '../groups/adding.ts';
import { join, readPlace } from '../groups/joining.ts';
import { type Operation, userOperation } from '../operation.ts';
import type { Services } from '../services.ts';
import { inviteOperations } from './invites.ts';
import { code, gid, input, none, oneOf, page, paging, readPaging, time, toPage, uid } from './shapes.ts';

export type JoiningServices = Pick<
  Services,
  'directory' | 'groupEvents' | 'bus' | 'maxGroupMembers' | 'clock'
>;

export function joiningOperations(services: JoiningServices): Operation[] {
  const { directory, groupEvents, bus } = services;
  return [
    userOperation({
      name: 'groups.join',
      method: 'POST',
      path: '/groups/{gid}/join',
      summary: 'Join a group, or ask to where it approves; a code of an invitation always joins',
      input: input({ gid, code: Type.Optional(code) }),
      output: Type.Object({ gid, state: oneOf(['joined', 'pending']) }),
      status: 200,
      errors: ['group.not-found', 'group.invite-not-found', 'auth.forbidden', 'group.full', 'user.not-found'],
      async handle(given, { identity }) {
        return { gid: given.gid, state: await join(services, given.gid, identity.uid, given.code) };
      },
    }),
    userOperation({
      name: 'groups.requests',
      method: 'GET',
      path: '/groups/{gid}/requests',
      summary: 'Who asks to join, the first who asked first; for owner and admins',
      input: input({ gid, ...paging }),
      output: page(Type.Object({ uid, name: Type.Optional(Type.String()), at: time })),
      status: 200,
      errors: ['group.not-found', 'auth.forbidden'],
      async handle(given, { identity }) {
        const { limit, after } = readPaging(given);
        const place = readPlace(after);
        await standingAt(directory, given.gid, identity, 'requests.decide');
        const from = place && { at: place.at, uid: place.key };
        const found = await directory.listRequests(given.gid, from, limit + 1);
        const names = await directory.names(found.map((one) => one.uid));
        return toPage(
          found,
          limit,
          (one) => `${one.at}.${one.uid}`,
          (one) => {
            const name = names.get(one.uid);
            return { uid: one.uid, ...(name !== undefined && { name }), at: one.at };
          },
        );
      },
    }),
    userOperation({
      name: 'groups.requests.accept',
      method: 'POST',
      path: '/groups/{gid}/requests/{uid}/accept',
      summary: 'Let somebody join who asked to; for owner and admins',
      input: input({ gid, uid }),
      output: none,
      status: 204,
      errors: [
        'group.not-found',
        'auth.forbidden',
        'group.request-not-found',
        'group.full',
        'user.not-found',
      ],
      async handle(given, { identity }) {
        await directory.changeGroup(given.gid, async (change) => {
          const { actor } = await standingIn(change, identity, 'requests.decide');
          if (!(await change.dropRequest(given.uid))) throw new PetrelError('group.request-not-found');
          await admit(services, change, [given.uid], 'joined', actor.uid);
        });
        await groupEvents.settle(given.gid);
        return null;
      },
    }),
    userOperation({
      name: 'groups.requests.decline',
      method: 'POST',
      path: '/groups/{gid}/requests/{uid}/decline',
      summary: 'Turn somebody down who asked to join; for owner and admins',
      input: input({ gid, uid }),
      output: none,
      status: 204,
      errors: ['group.not-found', 'auth.forbidden', 'group.request-not-found'],
      async handle(given, { identity }) {
        await directory.changeGroup(given.gid, async (change) => {
          await standingIn(change, identity, 'requests.decide');
          if (!(await change.dropRequest(given.uid))) throw new PetrelError('group.request-not-found');
        });
        const notice = { type: 'group', gid: given.gid, action: 'declined' } as const;
        bus.publish({ type: 'notice', uid: given.uid, notice });
        return null;
      },
    }),
    ...inviteOperations(services),
  ];
}
