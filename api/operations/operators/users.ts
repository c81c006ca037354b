import { Type } from 'typebox';
import { PetrelError } from '../../../schemas/errors.ts';
import { reservedUids } from '../../../schemas/identity.ts';
import { tellStale } from '../../../store/bus/stale.ts';
import { type NewUser, type User, userOrigins } from '../../../store/directory.ts';
import { importedHash } from '../../auth/passwords.ts';
import { adminOperation, type Operation } from '../../operation.ts';
import type { Services } from '../../services.ts';
import { newPassword } from '../auth.ts';
import { input, label, none, oneOf, profile, time, uid } from '../shapes.ts';
import { lines, toProfile } from '../users.ts';

const endedReasons = { banned: 0x87, kicked: 0x98 } as const;
/** The last moment there is: a ban for ever. */
const forEver = Number.MAX_SAFE_INTEGER;
const maxInBatch = 1000;

const described = {
  name: Type.Optional(label(100)),
  avatar: Type.Optional(label(1024)),
  bio: Type.Optional(lines(1000)),
};

const account = Type.Object({
  ...profile.properties,
  origin: oneOf(userOrigins),
  banned: Type.Boolean(),
  bannedUntil: Type.Optional({ ...time, description: 'ms since 1970; absent where the ban has no end.' }),
  banReason: Type.Optional(Type.String()),
  removed: Type.Boolean(),
  devices: Type.Integer({ description: 'How many devices the user has signed in with.' }),
});

const ban = (user: User, now: number) => {
  if (user.bannedUntil <= now) return { banned: false };
  return {
    banned: true,
    ...(user.bannedUntil < forEver && { bannedUntil: user.bannedUntil }),
    ...(user.banReason !== undefined && { banReason: user.banReason }),
  };
};

export function operatorUserOperations(
  services: Pick<Services, 'directory' | 'bus' | 'accounts' | 'removals' | 'connections' | 'clock'>,
): Operation[] {
  const { directory, bus, accounts, removals, connections, clock } = services;

  const requireUser = async (id: string): Promise<User> => {
    const user = await directory.getUser(id);
    if (user === undefined) throw new PetrelError('user.not-found');
    return user;
  };
  const setBan = async (id: string, until: number, reason?: string): Promise<void> => {
    if (!(await directory.setBan(id, until, reason))) throw new PetrelError('user.not-found');
    // At once: who is banned and who no longer is, on every node.
    bus.publish({ type: 'stale', user: id });
  };

  return [
    adminOperation({
      name: 'admin.users.create',
      method: 'POST',
      path: '/admin/users',
      summary: 'Make a user, also where registration is closed; without a password only tokens let them in',
      input: input({ uid, password: Type.Optional(newPassword), ...described }),
      output: profile,
      status: 201,
      errors: ['user.exists'],
      async handle({ uid: id, password, ...given }, { address }) {
        if (reservedUids.has(id) || (await directory.getUser(id)) !== undefined)
          throw new PetrelError('user.exists');
        const user: NewUser = {
          uid: id,
          ...given,
          ...(password !== undefined && { passwordHash: await accounts.hashPassword(password, address) }),
          createdAt: clock(),
          origin: 'admin',
        };
        if (!(await directory.createUser(user))) throw new PetrelError('user.exists');
        bus.publish({ type: 'stale', user: id });
        return toProfile(user);
      },
    }),
    adminOperation({
      name: 'admin.users.import',
      method: 'POST',
      path: '/admin/users/batch',
      summary: 'Make many users at once; those who exist stay as they are',
      input: input({
        users: Type.Array(
          input({
            uid,
            ...described,
            passwordHash: Type.Optional(
              Type.String({
                pattern: '^\\$2[aby]\\$(0[4-9]|1[0-6])\\$[./A-Za-z0-9]{53}$',
                description: 'bcrypt of the password, as another system made it; cost 4 to 16.',
              }),
            ),
          }),
          { minItems: 1, maxItems: maxInBatch },
        ),
      }),
      output: Type.Object({
        created: Type.Array(uid),
        existing: Type.Array(uid, { description: 'Who was there before; the reserved ones too.' }),
      }),
      status: 200,
      errors: [],
      async handle({ users }) {
        const createdAt = clock();
        const wanted = new Map<string, NewUser>();
        for (const { uid: id, passwordHash, ...given } of users) {
          if (reservedUids.has(id) || wanted.has(id)) continue;
          const hash = passwordHash !== undefined && { passwordHash: importedHash(passwordHash) };
          wanted.set(id, { uid: id, ...given, ...hash, createdAt, origin: 'admin' });
        }
        const created = new Set(await directory.createUsers([...wanted.values()]));
        tellStale(bus, created);
        const uids = [...new Set(users.map((user) => user.uid))];
        return { created: [...created], existing: uids.filter((id) => !created.has(id)) };
      },
    }),
    adminOperation({
      name: 'admin.users.get',
      method: 'GET',
      path: '/admin/users/{uid}',
      summary: 'An account as operators see it',
      input: input({ uid }),
      output: account,
      status: 200,
      errors: ['user.not-found'],
      async handle(given) {
        const user = await requireUser(given.uid);
        const devices = await directory.devicesOf(given.uid);
        return {
          ...toProfile(user),
          origin: user.origin,
          ...ban(user, clock()),
          removed: user.removedAt !== undefined,
          devices: devices.length,
        };
      },
    }),
    adminOperation({
      name: 'admin.users.ban',
      method: 'PUT',
      path: '/admin/users/{uid}/ban',
      summary: 'Keep a user out, for a time or for ever; their connections end with 0x87',
      input: input({
        uid,
        until: Type.Optional({
          ...Type.Integer({ minimum: 1, maximum: forEver }),
          description: 'ms since 1970; for ever where absent.',
        }),
        reason: Type.Optional(label(500)),
      }),
      output: none,
      status: 204,
      errors: ['user.not-found'],
      async handle({ uid: id, until = forEver, reason }) {
        if (until <= clock()) throw new PetrelError('request.invalid', 'until has passed already.');
        await setBan(id, until, reason);
        bus.publish({ type: 'end', uid: id, reason: endedReasons.banned });
        return null;
      },
    }),
    adminOperation({
      name: 'admin.users.unban',
      method: 'DELETE',
      path: '/admin/users/{uid}/ban',
      summary: 'End a ban; who is not banned stays so',
      input: input({ uid }),
      output: none,
      status: 204,
      errors: ['user.not-found'],
      async handle(given) {
        await setBan(given.uid, 0);
        return null;
      },
    }),
    adminOperation({
      name: 'admin.users.kick',
      method: 'POST',
      path: '/admin/users/{uid}/kick',
      summary: 'End the connections of a user, or of one device, with 0x98; they may come back',
      input: input({ uid, did: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })) }),
      output: none,
      status: 204,
      errors: ['user.not-found'],
      async handle({ uid: id, did }) {
        const { removedAt } = await requireUser(id);
        if (removedAt !== undefined) throw new PetrelError('user.not-found');
        const reason = endedReasons.kicked;
        const end = { type: 'end' as const, uid: id, ...(did !== undefined && { did }), reason };
        await connections.end(end);
        return null;
      },
    }),
    adminOperation({
      name: 'admin.users.remove',
      method: 'DELETE',
      path: '/admin/users/{uid}',
      summary: 'Remove an account for ever: the uid stays taken, what they wrote goes',
      input: input({ uid }),
      output: none,
      status: 204,
      errors: ['user.not-found'],
      async handle(given, { identity }) {
        await removals.removeAccount(given.uid, identity.uid);
        return null;
      },
    }),
  ];
}
