import { type Static, Type } from 'typebox';
import { PetrelError } from '../../schemas/errors.ts';
import { eventDocument } from '../../schemas/event.ts';
import { requirePart, requireReadable } from '../conversations/access.ts';
import { readEvents } from '../conversations/events.ts';
import { merged, oneByOne, readMessages } from '../conversations/forward.ts';
import { readPins } from '../conversations/pins.ts';
import { ReceiptReader } from '../conversations/receipts.ts';
import { payloadMembers } from '../documents/payload.ts';
import { type Operation, userOperation, WithStatus } from '../operation.ts';
import type { Services } from '../services.ts';
import {
  conv,
  event,
  input,
  maxPage,
  page,
  paging,
  pinnedEvent,
  readPaging,
  seq,
  time,
  toPage,
  uid,
} from './shapes.ts';

/** Why a message may not enter a conversation. */
const sendErrors = [
  'conversation.not-found',
  'user.not-found',
  'group.not-found',
  'send.not-member',
  'send.not-friends',
  'send.blocked',
  'send.muted',
  'send.rate',
  'send.rejected',
  'moderation.unavailable',
] as const;
const maxForwarded = 100;
const defaultHistory = 50;
/** A page of history is cut short at this size: it goes out as one document. */
const maxHistoryBytes = 4 * 1024 * 1024;

export function messageOperations(
  services: Pick<Services, 'directory' | 'timeline' | 'sender' | 'folds'>,
): Operation[] {
  const { directory, timeline, sender, folds } = services;
  const receipts = new ReceiptReader(services);
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
          Type.Union([Type.Boolean(), Type.Literal(1), Type.Literal(0)], {
            description: 'Events as stored, without what changes made of them.',
          }),
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
        return { events: raw ? events.map(eventDocument) : await folds.show(events), more };
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
      payload: input({ conv, ...payloadMembers }),
      output: Type.Object({ conv: Type.String(), seq: Type.Integer(), ts: time }),
      status: 201,
      repeatStatus: 200,
      errors: [
        ...sendErrors,
        'payload.invalid',
        'send.not-allowed',
        'send.too-late',
        'send.too-large',
        'target.not-found',
        'pin.full',
      ],
      async handle({ conv: id, ...payload }, { identity }) {
        requirePart(id, identity.uid);
        const sent = await sender.send({ conv: id, from: identity.uid, payload });
        const answer = { conv: sent.conv, seq: sent.seq, ts: sent.ts };
        return sent.repeat ? new WithStatus(200, answer) : answer;
      },
    }),
    userOperation({
      name: 'messages.forward',
      method: 'POST',
      path: '/conversations/{conv}/forward',
      summary: 'Say messages of another conversation here: each for itself, or merged in one',
      input: input({
        conv,
        id: Type.String({
          pattern: '^[A-Za-z0-9_.:-]{1,60}$',
          description: "The client's own id; messages after the first get `{id}.2`, `{id}.3`, …",
        }),
        from: Type.String({ minLength: 1, maxLength: 256, description: 'The conversation they are in.' }),
        seqs: Type.Array(seq, {
          minItems: 1,
          maxItems: maxForwarded,
          description: 'Which messages, ascending.',
        }),
        merged: Type.Optional(
          Type.Boolean({ description: 'One message of type custom, kind forward, has them all.' }),
        ),
        title: Type.Optional(Type.String({ minLength: 1, maxLength: 255, description: 'Of a merged one.' })),
      }),
      output: Type.Object({
        conv: Type.String(),
        items: Type.Array(Type.Object({ id: Type.String(), seq: Type.Integer(), ts: time })),
      }),
      status: 201,
      repeatStatus: 200,
      errors: [...sendErrors, 'send.too-large', 'target.not-found'],
      async handle({ conv: to, id, from, seqs, merged: inOne = false, title }, { identity: { uid: asker } }) {
        requirePart(to, asker);
        if (seqs.some((one, i) => i > 0 && one <= seqs[i - 1]!))
          throw new PetrelError('request.invalid', 'seqs must ascend.');
        if (title !== undefined && !inOne)
          throw new PetrelError('request.invalid', 'Only what is merged has a title.');
        const { since } = await requireReadable(directory, from, asker);
        const found = await readMessages(services, { conv: from, since, seqs });
        const messages = inOne ? [merged(id, found, title)] : oneByOne(id, found);
        const sent = await sender.forward({ conv: to, from: asker, messages });
        const answer = {
          conv: to,
          items: sent.map(({ id: own, seq: at, ts }) => ({ id: own, seq: at, ts })),
        };
        return sent.every(({ repeat }) => repeat) ? new WithStatus(200, answer) : answer;
      },
    }),
    userOperation({
      name: 'pins',
      method: 'GET',
      path: '/conversations/{conv}/pins',
      summary: 'Pinned messages, the one pinned last first',
      input: input({ conv, ...paging }),
      output: page(pinnedEvent),
      status: 200,
      errors: ['conversation.not-found'],
      async handle({ conv: id, ...given }, { identity }) {
        const { since } = await requireReadable(directory, id, identity.uid);
        const { limit, after } = readPaging(given);
        const before = after === '' ? Number.MAX_SAFE_INTEGER : Number(after);
        if (!Number.isSafeInteger(before))
          throw new PetrelError('request.invalid', 'This cursor is not one of ours.');
        const found = await readPins(services, { conv: id, since }, before, limit + 1);
        return toPage(
          found,
          limit,
          ({ change }) => String(change),
          ({ event: shown }) => shown as Static<typeof pinnedEvent>,
        );
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
        return receipts.of(readable, identity.uid, at, given);
      },
    }),
  ];
}
