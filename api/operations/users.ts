import { PetrelError } from '../../schemas/errors.ts';
import type { User } from '../../store/directory.ts';
import { type Operation, userOperation } from '../operation.ts';
import type { Services } from '../services.ts';
import { input, profile, uid } from './shapes.ts';

const toProfile = ({ uid: id, name, createdAt }: User) => ({
  uid: id,
  ...(name !== undefined && { name }),
  createdAt,
});

export function userOperations({ directory }: Pick<Services, 'directory'>): Operation[] {
  const profileOf = async (id: string) => {
    const user = await directory.getUser(id);
    if (user === undefined) throw new PetrelError('user.not-found');
    return toProfile(user);
  };
  return [
    userOperation({
      name: 'me.get',
      method: 'GET',
      path: '/me',
      summary: "The asker's own profile",
      input: input({}),
      output: profile,
      status: 200,
      errors: [],
      handle: (_, { identity }) => profileOf(identity.uid),
    }),
    userOperation({
      name: 'users.get',
      method: 'GET',
      path: '/users/{uid}',
      summary: "A user's profile",
      input: input({ uid }),
      output: profile,
      status: 200,
      errors: ['user.not-found'],
      handle: (given) => profileOf(given.uid),
    }),
  ];
}
