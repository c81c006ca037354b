import { randomBytes } from 'node:crypto';
import { Type } from 'typebox';
import { PetrelError } from '../../schemas/errors.ts';
import { standingAt, standingIn } from '../groups/actor.ts';
import { readPlace } from '../groups/joining.ts';
import { type Operation, userOperation } from '../operation.ts';
import type { Services } from '../services.ts';
import { missingUser } from './existing.ts';
import { code, gid, input, none, page, paging, readPaging, time, toPage, uid } from './shapes.ts';

const defaultTtl = 7 * 86_400;
const maxTtl = 365 * 86_400;
const maxUidsInInvite = 500;
const codeBytes = 16;

export function inviteOperations({
  directory,
  bus,
  clock,
}: Pick<Services, 'directory' | 'bus' | 'clock'>): Operation[] {
  return [
    userOperation({
      name: 'groups.invite',
      method: 'POST',
      path: '/groups/{gid}/invites',
      summary:
        'Make an invitation, for anyone who has its code or for some users alone; for owner and admins',
      input: input({
        gid,
        uids: Type.Optional(
          Type.Array(uid, {
            minItems: 1,
            maxItems: maxUidsInInvite,
            description: 'Who alone may use it; they are told of it.',
          }),
        ),
        ttl: Type.Optional(
          Type.Integer({
            minimum: 1,
            maximum: maxTtl,
            description: 'Its life, seconds; 7 days where absent.',
          }),
        ),
      }),
      output: Type.Object({ code, expiresAt: time }),
      status: 201,
      errors: ['group.not-found', 'auth.forbidden', 'user.not-found'],
      async handle({ gid: id, uids, ttl = defaultTtl }, { identity }) {
        // First whether the asker may at all: who may not learns nothing of who exists.
        await standingAt(directory, id, identity, 'invite');
        const named = uids && [...new Set(uids)];
        const missing = await missingUser(directory, named ?? []);
        if (missing !== undefined) throw new PetrelError('user.not-found', `There is no user ${missing}.`);
        const createdAt = clock();
        const made = {
          code: randomBytes(codeBytes).toString('base64url'),
          expiresAt: createdAt + ttl * 1000,
        };
        const by = await directory.changeGroup(id, async (change) => {
          const { actor } = await standingIn(change, identity, 'invite');
          await change.invite({ ...made, by: actor.uid, createdAt, ...(named && { uids: named }) });
          return actor.uid;
        });
        const notice = { type: 'group', gid: id, action: 'invited', by, ...made } as const;
        for (const invited of named ?? []) bus.publish({ type: 'notice', uid: invited, notice });
        return made;
      },
    }),
    userOperation({
      name: 'groups.invites.list',
      method: 'GET',
      path: '/groups/{gid}/invites',
      summary: 'Invitations that hold, the oldest first; for owner and admins',
      input: input({ gid, ...paging }),
      output: page(
        Type.Object({
          code,
          by: uid,
          createdAt: time,
          expiresAt: time,
          uids: Type.Optional(Type.Array(uid)),
        }),
      ),
      status: 200,
      errors: ['group.not-found', 'auth.forbidden'],
      async handle(given, { identity }) {
        const { limit, after } = readPaging(given);
        const place = readPlace(after);
        await standingAt(directory, given.gid, identity, 'invite');
        const from = place && { createdAt: place.at, code: place.key };
        const found = await directory.listInvites(given.gid, clock(), from, limit + 1);
        return toPage(
          found,
          limit,
          (one) => `${one.createdAt}.${one.code}`,
          ({ gid: _, uids, ...shown }) => ({ ...shown, ...(uids && { uids: [...uids] }) }),
        );
      },
    }),
    userOperation({
      name: 'groups.invites.remove',
      method: 'DELETE',
      path: '/groups/{gid}/invites/{code}',
      summary: 'Take an invitation back; for owner and admins',
      input: input({ gid, code }),
      output: none,
      status: 204,
      errors: ['group.not-found', 'auth.forbidden', 'group.invite-not-found'],
      async handle(given, { identity }) {
        await directory.changeGroup(given.gid, async (change) => {
          await standingIn(change, identity, 'invite');
          if (!(await change.dropInvite(given.code))) throw new PetrelError('group.invite-not-found');
        });
        return null;
      },
    }),
  ];
}
