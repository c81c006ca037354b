import { Type } from 'typebox';
import { PetrelError } from '../../schemas/errors.ts';
import { isUid } from '../../schemas/identity.ts';
import type { User } from '../../store/directory.ts';
import { type Operation, userOperation } from '../operation.ts';
import type { PresenceInfo, Services } from '../services.ts';
import { newPassword, password } from './auth.ts';
import {
  input,
  label,
  none,
  ownProfile,
  page,
  paging,
  profile,
  readPaging,
  toPage,
  uid,
  userProfile,
} from './shapes.ts';

const cleared = (description: string) => ({ description: `${description}; null clears it.` });
const clearable = (maxLength: number, description: string) =>
  Type.Optional(Type.Union([label(maxLength), Type.Null()], cleared(description)));

/** Text of several lines. */
export const lines = (maxLength: number) =>
  Type.String({ minLength: 1, maxLength, pattern: '^[^\\u0000-\\u0008\\u000b-\\u001f\\u007f]*$' });

/** What anyone may see of a user who is there. */
export const toProfile = ({
  uid: id,
  name,
  avatar,
  bio,
  createdAt,
}: Pick<User, 'uid' | 'name' | 'avatar' | 'bio' | 'createdAt'>) => ({
  uid: id,
  ...(name !== undefined && { name }),
  ...(avatar !== undefined && { avatar }),
  ...(bio !== undefined && { bio }),
  createdAt,
});

const toPresence = ({ online, ts, platforms }: PresenceInfo) => ({
  online,
  ts,
  ...(platforms !== undefined && { platforms: [...platforms] }),
});

const toOwnProfile = (user: User) => ({
  ...toProfile(user),
  discoverable: user.discoverable,
  readReceipts: user.readReceipts,
  invisible: user.invisible,
});

/** Where a page of found users begins; the line break is in no word and no uid. */
function placeOf(after: string): { word: string; uid: string } | undefined {
  if (after === '') return undefined;
  const [word, id, ...rest] = after.split('\n');
  if (word === undefined || id === undefined || rest.length > 0 || !(id === '' || isUid(id)))
    throw new PetrelError('request.invalid', 'This cursor is not one of ours.');
  return { word, uid: id };
}

export function userOperations({
  directory,
  bus,
  accounts,
  removals,
  presenceOf,
  clock,
}: Pick<Services, 'directory' | 'bus' | 'accounts' | 'removals' | 'presenceOf' | 'clock'>): Operation[] {
  const require = (user: User | undefined): User => {
    if (user === undefined) throw new PetrelError('user.not-found');
    return user;
  };
  return [
    userOperation({
      name: 'me.get',
      method: 'GET',
      path: '/me',
      summary: "The asker's own profile and settings",
      input: input({}),
      output: ownProfile,
      status: 200,
      errors: [],
      handle: async (_, { identity }) => toOwnProfile(require(await directory.getUser(identity.uid))),
    }),
    userOperation({
      name: 'me.update',
      method: 'PATCH',
      path: '/me',
      summary: "Change the asker's own profile and settings",
      input: input({
        name: clearable(100, 'For people to read'),
        avatar: clearable(1024, 'A URL, or the id of a file'),
        bio: Type.Optional(Type.Union([lines(1000), Type.Null()], cleared('A few words about oneself'))),
        discoverable: Type.Optional(
          Type.Boolean({ description: 'Whether others than friends find the user by a search.' }),
        ),
        readReceipts: Type.Optional(
          Type.Boolean({ description: 'Whether others are told how far the user has read.' }),
        ),
        invisible: Type.Optional(
          Type.Boolean({ description: 'Whether the user is offline to others, always.' }),
        ),
      }),
      output: ownProfile,
      status: 200,
      errors: [],
      async handle(changes, { identity }) {
        const user = require(await directory.updateUser(identity.uid, changes));
        if (changes.invisible !== undefined)
          await directory.putHidden(identity.uid, changes.invisible ? clock() : 0);
        bus.publish({ type: 'stale', user: identity.uid });
        return toOwnProfile(user);
      },
    }),
    userOperation({
      name: 'me.password',
      method: 'PUT',
      path: '/me/password',
      summary: 'Change the password; every other sign-in ends, with its connections',
      input: input({
        password: { ...password, description: 'The current one.' },
        newPassword,
      }),
      output: none,
      status: 204,
      errors: ['auth.bad-credentials', 'auth.too-many-attempts'],
      async handle({ password: current, newPassword: next }, { identity, address }) {
        await accounts.changePassword(identity, { current, next, address });
        return null;
      },
    }),
    userOperation({
      name: 'me.remove',
      method: 'POST',
      path: '/me/remove',
      summary: 'Remove the own account, for ever, and all that was said with it',
      input: input({
        password: Type.Optional({ ...password, description: 'Required where the account has one.' }),
      }),
      output: none,
      status: 204,
      errors: ['auth.bad-credentials', 'auth.too-many-attempts'],
      async handle(given, { identity, address }) {
        await accounts.confirm(identity.uid, given.password, address);
        await removals.removeAccount(identity.uid, identity.uid);
        return null;
      },
    }),
    userOperation({
      name: 'users.get',
      method: 'GET',
      path: '/users/{uid}',
      summary: "A user's profile; of one who was removed the uid alone",
      input: input({ uid }),
      output: userProfile,
      status: 200,
      errors: ['user.not-found'],
      async handle(given, { identity }) {
        const user = require(await directory.getUser(given.uid));
        if (user.removedAt !== undefined) return { uid: user.uid, removed: true, createdAt: user.createdAt };
        const presence = await presenceOf(identity.uid, user.uid);
        return { ...toProfile(user), ...(presence !== undefined && { presence: toPresence(presence) }) };
      },
    }),
    userOperation({
      name: 'users.search',
      method: 'GET',
      path: '/users',
      summary: 'Users by the beginning of their uid or of a word of their name',
      input: input({
        q: Type.String({
          minLength: 1,
          maxLength: 64,
          pattern: '\\S',
          description: 'Case and width do not matter; in Chinese, Japanese and Korean any part of a name.',
        }),
        ...paging,
      }),
      output: page(profile),
      status: 200,
      errors: [],
      limit: 'search',
      async handle({ q, ...given }, { identity }) {
        const { limit, after } = readPaging(given);
        const place = placeOf(after);
        const found = await directory.searchUsers({
          text: q,
          asker: identity.uid,
          limit: limit + 1,
          ...(place !== undefined && { after: place }),
        });
        return toPage(
          found,
          limit,
          (one) => `${one.place.word}\n${one.place.uid}`,
          (one) => toProfile(one),
        );
      },
    }),
  ];
}
