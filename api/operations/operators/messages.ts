import { Type } from 'typebox';
import { PetrelError } from '../../../schemas/errors.ts';
import { directConv, groupConv } from '../../../schemas/event.ts';
import { systemUid } from '../../../schemas/identity.ts';
import { payloadMembers } from '../../documents/payload.ts';
import { adminOperation, type Operation, WithStatus } from '../../operation.ts';
import { requireSpeaker, speakingFor } from '../../operators/speaker.ts';
import type { Services } from '../../services.ts';
import { gid, input, time, uid } from '../shapes.ts';

export const speaker = Type.Optional({ ...uid, description: '`system` (also where absent) or a user.' });

export function operatorMessageOperations({
  directory,
  sender,
  clock,
}: Pick<Services, 'directory' | 'sender' | 'clock'>): Operation[] {
  return [
    adminOperation({
      name: 'admin.send',
      method: 'POST',
      path: '/admin/messages',
      summary: 'Send as the system or as a user; 200 where this id was sent before',
      // The payload has its own check, the one of `send/…`, and its own errors.
      input: Type.Object(
        {
          to: Type.Optional(uid),
          gid: Type.Optional(gid),
          from: speaker,
          id: Type.Unknown({ description: 'An id of your own: 1 to 64 of A-Z a-z 0-9 _ . : -' }),
          type: Type.Unknown({ description: 'As in messages.send, and `system` (any body) from `system`.' }),
          body: Type.Unknown({ description: 'As the type wants it.' }),
          replyTo: Type.Optional(Type.Unknown({ description: 'seq of the event it answers' })),
          mentions: Type.Optional(Type.Unknown({ description: 'uids, or @all' })),
        },
        { required: [], additionalProperties: true },
      ),
      payload: input({ to: Type.Optional(uid), gid: Type.Optional(gid), from: speaker, ...payloadMembers }),
      output: Type.Object({ conv: Type.String(), seq: Type.Integer(), ts: time }),
      status: 201,
      repeatStatus: 200,
      errors: [
        'payload.invalid',
        'user.not-found',
        'group.not-found',
        'auth.banned',
        'send.not-member',
        'send.not-friends',
        'send.blocked',
        'send.muted',
        'send.not-allowed',
        'send.too-late',
        'send.rejected',
        'send.too-large',
        'target.not-found',
        'moderation.unavailable',
      ],
      async handle({ to, gid: group, from = systemUid, ...payload }) {
        if ((to === undefined) === (group === undefined))
          throw new PetrelError('request.invalid', 'Either "to" or "gid" says where it goes.');
        await requireSpeaker(directory, from, clock());
        const conv = to === undefined ? groupConv(group!) : directConv(from, to);
        const { repeat, ...place } = await sender.send({ conv, from, payload, ...speakingFor(from) });
        return repeat ? new WithStatus(200, place) : place;
      },
    }),
  ];
}
