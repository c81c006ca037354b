import { randomBytes } from 'node:crypto';
import { Type } from 'typebox';
import { PetrelError } from '../../schemas/errors.ts';
import { reservedUids } from '../../schemas/identity.ts';
import { tellStale } from '../../store/bus/stale.ts';
import type { FriendNotice } from '../../store/bus.ts';
import type { FriendRequest } from '../../store/directory.ts';
import { type Operation, userOperation } from '../operation.ts';
import type { Services } from '../services.ts';
import {
  friend,
  friendRequest,
  input,
  label,
  none,
  page,
  paging,
  readPaging,
  requestState,
  toPage,
  uid,
} from './shapes.ts';

const id = Type.String({ pattern: '^[A-Za-z0-9_-]{1,32}$', description: 'A request.' });
const note = Type.Optional(Type.String({ ...label(200), description: 'A word to the one who is asked.' }));
const direction = Type.Optional(
  Type.Enum(['in', 'out'], { description: 'Those to the asker (the default), or the asker’s own.' }),
);
const remark = Type.Union([label(100), Type.Null()], { description: 'What to call them; null clears it.' });

/** Where a page of requests goes on, behind the newest. */
function placeOf(after: string): { at: number; id: string } | undefined {
  if (after === '') return undefined;
  const [, at, last] = /^(\d{1,16}):([A-Za-z0-9_-]{1,32})$/.exec(after) ?? [];
  if (at === undefined || last === undefined)
    throw new PetrelError('request.invalid', 'This cursor is not one of ours.');
  return { at: Number(at), id: last };
}

export function friendOperations({
  directory,
  bus,
  maxFriends,
  clock,
}: Pick<Services, 'directory' | 'bus' | 'maxFriends' | 'clock'>): Operation[] {
  const tell = (to: string, notice: FriendNotice): void => bus.publish({ type: 'notice', uid: to, notice });
  const befriended = ({ id: request, from, to }: FriendRequest): void => {
    tellStale(bus, [from, to]);
    tell(from, { type: 'friend', action: 'accepted', uid: to, id: request });
    tell(to, { type: 'friend', action: 'accepted', uid: from, id: request });
  };

  return [
    userOperation({
      name: 'friends.list',
      method: 'GET',
      path: '/friends',
      summary: 'Friends in the order of their uids',
      input: input({ ...paging }),
      output: page(friend),
      status: 200,
      errors: [],
      async handle(given, { identity }) {
        const { limit, after } = readPaging(given);
        const found = await directory.listFriends(identity.uid, after, limit + 1);
        return toPage(found, limit, (one) => one.uid);
      },
    }),
    userOperation({
      name: 'friends.update',
      method: 'PATCH',
      path: '/friends/{uid}',
      summary: 'Give a friend a remark; nobody else sees it',
      input: input({ uid, remark }),
      output: friend,
      status: 200,
      errors: ['friend.not-found'],
      async handle(given, { identity }) {
        const remarked = given.remark ?? undefined;
        const found = await directory.setRemark(identity.uid, given.uid, remarked);
        if (found === undefined) throw new PetrelError('friend.not-found');
        tell(identity.uid, {
          type: 'friend',
          action: 'remark',
          uid: given.uid,
          ...(remarked !== undefined && { remark: remarked }),
        });
        return found;
      },
    }),
    userOperation({
      name: 'friends.remove',
      method: 'DELETE',
      path: '/friends/{uid}',
      summary: 'End a friendship, for both',
      input: input({ uid }),
      output: none,
      status: 204,
      errors: ['friend.not-found'],
      async handle(given, { identity }) {
        if (!(await directory.removeFriend(identity.uid, given.uid)))
          throw new PetrelError('friend.not-found');
        tellStale(bus, [identity.uid, given.uid]);
        tell(identity.uid, { type: 'friend', action: 'removed', uid: given.uid });
        tell(given.uid, { type: 'friend', action: 'removed', uid: identity.uid });
        return null;
      },
    }),
    userOperation({
      name: 'friends.requests',
      method: 'GET',
      path: '/friends/requests',
      summary: 'Requests for friendship, the newest first',
      input: input({ direction, state: Type.Optional(requestState), ...paging }),
      output: page(friendRequest),
      status: 200,
      errors: [],
      async handle({ direction: way = 'in', state, ...given }, { identity }) {
        const { limit, after } = readPaging(given);
        const before = placeOf(after);
        const found = await directory.listFriendRequests(identity.uid, way, {
          limit: limit + 1,
          ...(state !== undefined && { state }),
          ...(before !== undefined && { before }),
        });
        return toPage(found, limit, (one) => `${one.at}:${one.id}`);
      },
    }),
    userOperation({
      name: 'friends.request',
      method: 'POST',
      path: '/friends/requests',
      summary: 'Ask to become friends; with somebody who has asked the same, one is friends at once',
      limit: 'friend-request',
      input: input({ uid, note }),
      output: friendRequest,
      status: 201,
      errors: ['friend.exists', 'friend.full', 'user.not-found', 'send.blocked'],
      async handle(given, { identity }) {
        const [from, to] = [identity.uid, given.uid];
        if (from === to) throw new PetrelError('request.invalid', 'Nobody is a friend of their own.');
        if (reservedUids.has(to)) throw new PetrelError('user.not-found');
        const asked = {
          id: randomBytes(12).toString('base64url'),
          from,
          to,
          at: clock(),
          ...(given.note !== undefined && { note: given.note }),
        };
        const { request, changed: isNew } = await directory.requestFriend(asked, maxFriends);
        if (request.state === 'accepted') befriended(request);
        else if (isNew) {
          const notice = {
            type: 'friend',
            action: 'request',
            id: request.id,
            ...(request.note !== undefined && { note: request.note }),
          } as const;
          tell(to, { ...notice, direction: 'in', uid: from });
          tell(from, { ...notice, direction: 'out', uid: to });
        }
        return request;
      },
    }),
    userOperation({
      name: 'friends.accept',
      method: 'POST',
      path: '/friends/requests/{id}/accept',
      summary: 'Accept a request to the asker',
      input: input({ id }),
      output: friendRequest,
      status: 200,
      errors: ['friend.request-not-found', 'friend.full', 'user.not-found', 'send.blocked'],
      async handle(given, { identity }) {
        const accepted = await directory.acceptFriendRequest(given.id, identity.uid, clock(), maxFriends);
        if (accepted.changed) befriended(accepted.request);
        return accepted.request;
      },
    }),
    userOperation({
      name: 'friends.decline',
      method: 'POST',
      path: '/friends/requests/{id}/decline',
      summary: 'Decline a request to the asker; it may be made again',
      input: input({ id }),
      output: friendRequest,
      status: 200,
      errors: ['friend.request-not-found', 'user.not-found'],
      async handle(given, { identity }) {
        const declined = await directory.declineFriendRequest(given.id, identity.uid, clock());
        const { id: request, from, to } = declined;
        tell(from, { type: 'friend', action: 'declined', uid: to, id: request });
        tell(to, { type: 'friend', action: 'declined', uid: from, id: request });
        return declined;
      },
    }),
  ];
}
