import { type ErrorCode, errors } from '../../schemas/errors.ts';
import { type Example, examples } from '../examples.ts';
import type { Operation } from '../operation.ts';
import { commonErrors, exampleError } from './errors.ts';
import { shownInput } from './input.ts';
import type { Json, Refs } from './refs.ts';
import { tagOf } from './tags.ts';

const rid: Json = {
  type: ['string', 'number'],
  description: 'For clients without Correlation Data: comes back in the answer.',
};

/** Every error a request may be answered with, in the order of the list of errors. */
export function errorsOf(operation: Operation): ErrorCode[] {
  const all = new Set<ErrorCode>([
    ...operation.errors,
    ...commonErrors(operation),
    ...(operation.access === 'none' ? [] : (['auth.forbidden'] as const)),
  ]);
  return (Object.keys(errors) as ErrorCode[]).filter((code) => all.has(code));
}

/** The payload of `req/{name}`. */
function requestPayload(operation: Operation, refs: Refs): Json {
  const input = refs.use(shownInput(operation)) as Json & { properties: Json };
  return { ...input, properties: { ...input.properties, rid } };
}

/** The payload of its answer where it went well. */
const answerPayload = ({ output }: Operation, refs: Refs): Json => ({
  type: 'object',
  required: ['ok', 'data'],
  properties: { ok: { const: true }, data: refs.use(output), rid },
});

export const answerExample = ({ output = null }: Example): Json => ({ ok: true, data: output });

export const requestMessage = (operation: Operation, refs: Refs): Json => ({
  name: `req.${operation.name}`,
  title: operation.name,
  summary: operation.summary,
  contentType: 'application/json',
  headers: refs.to('RequestProperties'),
  correlationId: { $ref: '#/components/correlationIds/request' },
  payload: requestPayload(operation, refs),
  examples: [{ name: 'example', payload: examples[operation.name]?.input ?? {} }],
});

export const answerMessage = (operation: Operation, refs: Refs): Json => ({
  name: `res.${operation.name}`,
  title: `The answer of ${operation.name}`,
  contentType: 'application/json',
  headers: refs.to('AnswerProperties'),
  correlationId: { $ref: '#/components/correlationIds/request' },
  payload: answerPayload(operation, refs),
  examples: [{ name: 'example', payload: answerExample(examples[operation.name] ?? {}) }],
});

/** The answer of any operation that was refused. */
export const refusalMessage = (refs: Refs): Json => ({
  name: 'refusal',
  title: 'The answer of an operation that was refused',
  contentType: 'application/json',
  headers: refs.to('AnswerProperties'),
  correlationId: { $ref: '#/components/correlationIds/request' },
  payload: {
    type: 'object',
    required: ['ok', 'error'],
    properties: { ok: { const: false }, error: refs.to('Error'), rid },
  },
  examples: (['request.invalid', 'request.rate', 'store.unavailable'] as const).map((code) => ({
    name: code,
    payload: { ok: false, error: exampleError(code).toBody() },
  })),
});

/** The request as an operation of the AsyncAPI document: what the server takes, and how it answers. */
export const requestOperation = (operation: Operation): Json => {
  const { name, summary, access } = operation;
  const codes = errorsOf(operation).map((code) => `\`${code}\``);
  return {
    action: 'receive',
    channel: { $ref: `#/channels/req.${name}` },
    summary,
    description: [
      ...(access === 'none' ? ['Asked without an account, too.'] : []),
      ...(access === 'admin' ? ['Needs the scope `admin`.'] : []),
      `Errors: ${codes.join(', ')}.`,
    ].join(' '),
    tags: [{ name: tagOf(name) }],
    messages: [{ $ref: `#/channels/req.${name}/messages/request` }],
    reply: {
      address: {
        location: '$message.header#/responseTopic',
        description: `The Response Topic; without one \`res/${name}\`.`,
      },
      channel: { $ref: '#/channels/answers' },
      messages: [
        { $ref: `#/channels/answers/messages/${name}` },
        { $ref: '#/channels/answers/messages/refusal' },
      ],
    },
    bindings: { mqtt: { qos: 1, bindingVersion: '0.2.0' } },
  };
};
