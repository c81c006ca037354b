import { Type } from 'typebox';
import { requirePart, requireReadable } from '../conversations/access.ts';
import { readEvents, showEvents } from '../conversations/events.ts';
import { receiptsOf } from '../conversations/receipts.ts';
import { type Operation, userOperation, WithStatus } from '../operation.ts';
import type { Services } from '../services.ts';
import { conv, event, input, maxPage, paging, seq, time, uid } from './shapes.ts';

const defaultHistory = 50;
/** A page of history is cut short at this size: it goes out as one document. */
const maxHistoryBytes = 4 * 1024 * 1024;

export function messageOperations(
  services: Pick<Services, 'directory' | 'timeline' | 'sender'>,
): Operation[] {
  const { directory, timeline, sender } = services;
  return [
    userOperation({
      name: 'history',
      method: 'GET',
      path: '/conversations/{conv}/messages',
      summary: 'Events in seq order: the newest, those before or those after one',
      input: input({
        conv,
        before: Type.Optional(Type.Integer({ ...seq, description: 'Only events with a smaller seq.' })),
        after: Type.Optional(
          Type.Integer({
            minimum: 0,
            maximum: Number.MAX_SAFE_INTEGER,
            description: 'Only events with a greater seq; the page then begins there.',
          }),
        ),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxPage })),
        raw: Type.Optional(
          Type.Boolean({ description: 'Events as stored, without what changes made of them.' }),
        ),
      }),
      output: Type.Object({
        events: Type.Array(event),
        more: Type.Boolean({ description: 'Whether there are more in this direction.' }),
      }),
      status: 200,
      errors: ['conversation.not-found'],
      async handle({ conv: id, before, after, limit = defaultHistory, raw }, { identity }) {
        const { since } = await requireReadable(directory, id, identity.uid);
        const range = {
          conv: id,
          after: Math.max(after ?? 0, since - 1),
          ...(before !== undefined && { before }),
          limit,
          newest: after === undefined,
        };
        const { events, more } = await readEvents(timeline, range, maxHistoryBytes);
        return { events: await showEvents(timeline, events, raw), more };
      },
    }),
    userOperation({
      name: 'messages.send',
      method: 'POST',
      path: '/conversations/{conv}/messages',
      summary: 'Send a message or a change; 200 where this id was sent before',
      // The payload has its own check, the one of `send/…`, and its own errors.
      input: Type.Object(
        {
          conv,
          id: Type.Unknown({ description: "The client's own id: 1 to 64 of A-Z a-z 0-9 _ . : -" }),
          type: Type.Unknown({
            description: 'text, image, file, audio, video, location, custom, edit, recall, react, pin',
          }),
          body: Type.Unknown({ description: 'As the type wants it.' }),
          replyTo: Type.Optional(Type.Unknown({ description: 'seq of the event it answers' })),
          mentions: Type.Optional(Type.Unknown({ description: 'uids, or @all' })),
        },
        { required: ['conv'], additionalProperties: true },
      ),
      output: Type.Object({ conv: Type.String(), seq: Type.Integer(), ts: time }),
      status: 201,
      errors: [
        'conversation.not-found',
        'payload.invalid',
        'send.not-member',
        'send.not-friends',
        'send.blocked',
        'send.muted',
        'send.not-allowed',
        'send.rate',
        'send.too-large',
        'target.not-found',
        'user.not-found',
        'group.not-found',
      ],
      async handle({ conv: id, ...payload }, { identity }) {
        requirePart(id, identity.uid);
        const sent = await sender.send({ conv: id, from: identity.uid, payload });
        const answer = { conv: sent.conv, seq: sent.seq, ts: sent.ts };
        return sent.repeat ? new WithStatus(200, answer) : answer;
      },
    }),
    userOperation({
      name: 'receipts',
      method: 'GET',
      path: '/conversations/{conv}/messages/{seq}/receipts',
      summary: 'Who has a message delivered and who has read it; its sender aside',
      input: input({ conv, seq, ...paging }),
      output: Type.Object({
        delivered: Type.Array(uid),
        read: Type.Array(uid),
        counts: Type.Object({ members: Type.Integer(), delivered: Type.Integer(), read: Type.Integer() }),
        next: Type.Optional(Type.String()),
      }),
      status: 200,
      errors: ['conversation.not-found', 'target.not-found'],
      async handle({ conv: id, seq: at, ...given }, { identity }) {
        const readable = await requireReadable(directory, id, identity.uid);
        return receiptsOf(services, readable, at, given);
      },
    }),
  ];
}
