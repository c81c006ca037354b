import { PetrelError } from '../../schemas/errors.ts';
import { reservedUids } from '../../schemas/identity.ts';
import { tellStale } from '../../store/bus/stale.ts';
import { type Operation, userOperation } from '../operation.ts';
import type { Services } from '../services.ts';
import { blockedUser, input, none, page, paging, readPaging, toPage, uid } from './shapes.ts';

export function blockOperations({
  directory,
  bus,
  clock,
}: Pick<Services, 'directory' | 'bus' | 'clock'>): Operation[] {
  return [
    userOperation({
      name: 'blocks.list',
      method: 'GET',
      path: '/blocks',
      summary: 'Those whom the asker blocks, in the order of their uids',
      input: input({ ...paging }),
      output: page(blockedUser),
      status: 200,
      errors: [],
      async handle(given, { identity }) {
        const { limit, after } = readPaging(given);
        const found = await directory.listBlocks(identity.uid, after, limit + 1);
        return toPage(found, limit, (one) => one.uid);
      },
    }),
    userOperation({
      name: 'blocks.add',
      method: 'PUT',
      path: '/blocks/{uid}',
      summary: 'Block a user: no messages, typing, presence or requests between the two, at once',
      input: input({ uid }),
      output: none,
      status: 204,
      errors: ['user.not-found'],
      async handle(given, { identity }) {
        if (given.uid === identity.uid) throw new PetrelError('request.invalid', 'Nobody blocks themselves.');
        if (reservedUids.has(given.uid)) throw new PetrelError('user.not-found');
        await directory.addBlock(identity.uid, given.uid, clock());
        tellStale(bus, [identity.uid, given.uid]);
        return null;
      },
    }),
    userOperation({
      name: 'blocks.remove',
      method: 'DELETE',
      path: '/blocks/{uid}',
      summary: 'End a block; done already is done',
      input: input({ uid }),
      output: none,
      status: 204,
      errors: [],
      async handle(given, { identity }) {
        await directory.removeBlock(identity.uid, given.uid);
        tellStale(bus, [identity.uid, given.uid]);
        return null;
      },
    }),
  ];
}
