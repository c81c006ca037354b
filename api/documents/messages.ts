import { type TSchema, Type } from 'typebox';
import { changeBodies, messageBodies, sendSchema } from '../../schemas/messages.ts';
import { type NoticeType, noticeSchemas } from '../../schemas/notices.ts';
import { eventExample, groupEventExample, noticeExamples, sendExamples } from '../examples/topics.ts';
import { event, presence, time, uid } from '../operations/shapes.ts';

/** A kind of message on a topic. */
export interface TopicMessage {
  readonly name: string;
  readonly summary: string;
  readonly payload: TSchema;
  readonly examples: readonly unknown[];
}

const isChange = (type: string): boolean => Object.hasOwn(changeBodies, type);

/** What is published to `send/…`, a kind for each type. */
export const sendMessages: readonly TopicMessage[] = Object.entries({
  ...messageBodies,
  ...changeBodies,
}).map(([type, body]) => ({
  name: `send.${type}`,
  summary: isChange(type) ? `A change to an earlier event: ${type}` : `A message: ${type}`,
  payload: sendSchema(type, body),
  examples: [sendExamples[type as keyof typeof sendExamples]],
}));

export const eventMessage: TopicMessage = {
  name: 'event',
  summary: 'An event of a conversation, with its place in it.',
  payload: event,
  examples: [eventExample, groupEventExample],
};

/** What comes on `n/{uid}`, a kind for each form of each type. */
export const noticeMessages: readonly TopicMessage[] = Object.entries(noticeSchemas).flatMap(
  ([type, forms]) =>
    forms.map((form: TSchema & { description?: string; properties?: unknown }, i) => {
      const example = noticeExamples[type as NoticeType][i] as { action?: string } | undefined;
      return {
        name: ['notice', type, ...(forms.length > 1 && example?.action ? [example.action] : [])].join('.'),
        summary: form.description ?? '',
        payload: withTime(form),
        examples: example === undefined ? [] : [{ ...example, ts: eventExample.ts }],
      };
    }),
);

function withTime(form: TSchema): TSchema {
  const { properties, ...rest } = form as TSchema & { properties: Record<string, TSchema> };
  const { required = [] } = form as { required?: readonly string[] };
  return { ...rest, properties: { ...properties, ts: time }, required: [...required, 'ts'] } as TSchema;
}

export const readMessage: TopicMessage = {
  name: 'read',
  summary: 'You have read up to there.',
  payload: Type.Object({ seq: Type.Integer({ minimum: 1 }) }, { additionalProperties: false }),
  examples: [{ seq: 7 }],
};

export const typingMessage: TopicMessage = {
  name: 'typing',
  summary: 'You are typing, or stopped.',
  payload: Type.Object({ on: Type.Boolean() }, { additionalProperties: false }),
  examples: [{ on: true }],
};

export const presenceMessage: TopicMessage = {
  name: 'presence',
  summary: 'Whether the user is online, and since when they are or are not.',
  payload: Type.Object({
    uid,
    ...presence.properties,
    status: Type.Optional(
      Type.Unknown({
        description: 'While offline: what a will to `presence/{own}` said, text or an object.',
      }),
    ),
  }),
  examples: [
    { uid: 'bob', online: true, ts: eventExample.ts, platforms: ['web', 'mobile'] },
    { uid: 'sensor-7', online: false, ts: eventExample.ts, status: { battery: 'empty' } },
  ],
};
