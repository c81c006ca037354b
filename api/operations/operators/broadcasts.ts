import { randomBytes } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { PetrelError } from '../../../schemas/errors.ts';
import { systemUid } from '../../../schemas/identity.ts';
import { checkOutgoing, isMessage, messageIdPattern } from '../../../schemas/messages.ts';
import { type Broadcast, type BroadcastKind, broadcastStates } from '../../../store/directory.ts';
import { adminOperation, type Operation } from '../../operation.ts';
import { pagesOf } from '../../operators/broadcasts.ts';
import { requireSpeaker } from '../../operators/speaker.ts';
import type { Services } from '../../services.ts';
import { gid, input, none, oneOf, page, paging, readPaging, time, toPage, uid } from '../shapes.ts';
import { speaker } from './messages.ts';

const id = Type.String({ pattern: messageIdPattern.source, description: 'A broadcast.' });

const targets = Type.Union(
  [
    input({ uids: Type.Array(uid, { minItems: 1, maxItems: 10_000 }) }),
    input({ gids: Type.Array(gid, { minItems: 1, maxItems: 1000 }) }),
    input({ all: Type.Literal(true) }),
  ],
  { description: 'Users, groups, or every user there is.' },
);

const broadcast = Type.Object({
  id,
  from: Type.String(),
  state: oneOf(broadcastStates),
  total: Type.Integer({ description: 'Users or groups; of all users about as many, until it is done.' }),
  sent: Type.Integer(),
  failed: Type.Integer({ description: 'Who is not there, or must not be written to.' }),
  createdAt: time,
  finishedAt: Type.Optional(time),
});

const toShape = (found: Broadcast): Static<typeof broadcast> => ({
  id: found.id,
  from: found.from,
  state: found.state,
  // Users come and go while all of them are written to.
  total: found.kind === 'all' && found.state === 'done' ? found.sent + found.failed : found.total,
  sent: found.sent,
  failed: found.failed,
  createdAt: found.createdAt,
  ...(found.finishedAt > 0 && { finishedAt: found.finishedAt }),
});

const listed = (to: Static<typeof targets>): { kind: BroadcastKind; names: string[] } => {
  if ('uids' in to) return { kind: 'uids', names: [...new Set(to.uids)] };
  if ('gids' in to) return { kind: 'gids', names: [...new Set(to.gids)] };
  return { kind: 'all', names: [] };
};

export function broadcastOperations(
  services: Pick<Services, 'directory' | 'clock' | 'broadcasts'>,
): Operation[] {
  const { directory, clock } = services;
  const require = async (wanted: string): Promise<Broadcast> => {
    const found = await directory.getBroadcast(wanted);
    if (found === undefined) throw new PetrelError('broadcast.not-found');
    return found;
  };
  return [
    adminOperation({
      name: 'admin.broadcast',
      method: 'POST',
      path: '/admin/broadcasts',
      summary: 'Send a message to many, in the background; an id that was there before begins nothing new',
      input: input({
        id: Type.Optional({ ...id, description: 'An id of your own, so that a repeat is none.' }),
        from: speaker,
        type: Type.String({ description: 'A type of message, or `system` (any body) from `system`.' }),
        body: Type.Object({}),
        to: targets,
      }),
      output: Type.Object({ id }),
      status: 202,
      errors: ['payload.invalid', 'user.not-found', 'auth.banned'],
      async handle({ id: asked, from = systemUid, type, body, to }) {
        const made = asked ?? `b-${randomBytes(12).toString('hex')}`;
        if (asked !== undefined && (await directory.getBroadcast(asked)) !== undefined) return { id: asked };
        const asSystem = from === systemUid;
        checkOutgoing({ id: 'x', type, body }, { ...(asSystem && { asSystem }) });
        if (!isMessage(type) && type !== 'system')
          throw new PetrelError('payload.invalid', 'A change has no place in a broadcast.');
        await requireSpeaker(directory, from, clock());
        const { kind, names } = listed(to);
        const total = kind === 'all' ? await directory.countUsers() : names.length;
        const messageId = `b-${randomBytes(16).toString('hex')}`;
        const payload = JSON.stringify({ type, body });
        const begun = { id: made, messageId, from, payload, kind, total, createdAt: clock() };
        // Where it is taken by now, somebody sent the same request at the same time.
        if (await directory.createBroadcast(begun, pagesOf(names))) services.broadcasts.wake();
        return { id: made };
      },
    }),
    adminOperation({
      name: 'admin.broadcasts.list',
      method: 'GET',
      path: '/admin/broadcasts',
      summary: 'Broadcasts, the newest first',
      input: input(paging),
      output: page(broadcast),
      status: 200,
      errors: [],
      async handle(given) {
        const { limit, after } = readPaging(given);
        const [, at, last] = /^(\d{1,15}) ([A-Za-z0-9_.:-]{1,64})$/.exec(after) ?? [];
        if (after !== '' && last === undefined)
          throw new PetrelError('request.invalid', 'This cursor is not one of ours.');
        const before = last === undefined ? undefined : { createdAt: Number(at), id: last };
        const found = await directory.listBroadcasts(before, limit + 1);
        return toPage(found, limit, (one) => `${one.createdAt} ${one.id}`, toShape);
      },
    }),
    adminOperation({
      name: 'admin.broadcasts.get',
      method: 'GET',
      path: '/admin/broadcasts/{id}',
      summary: 'How far a broadcast has come',
      input: input({ id }),
      output: broadcast,
      status: 200,
      errors: ['broadcast.not-found'],
      handle: async (given) => toShape(await require(given.id)),
    }),
    adminOperation({
      name: 'admin.broadcasts.cancel',
      method: 'POST',
      path: '/admin/broadcasts/{id}/cancel',
      summary: 'Stop a broadcast; what was sent stays, one that has ended stays as it is',
      input: input({ id }),
      output: none,
      status: 204,
      errors: ['broadcast.not-found'],
      async handle(given) {
        await require(given.id);
        await directory.finishBroadcast(given.id, 'cancelled', clock());
        return null;
      },
    }),
  ];
}
