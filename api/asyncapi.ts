import { named } from './documents/components.ts';
import { type Json, Refs } from './documents/refs.ts';
import { answerMessage, refusalMessage, requestMessage, requestOperation } from './documents/requests.ts';
import { tagsOf } from './documents/tags.ts';
import { type Topic, topics } from './documents/topics.ts';
import type { Operation } from './operation.ts';

/** The properties of MQTT 5 that a request and its answer carry. */
const properties: Readonly<Record<string, Json>> = {
  RequestProperties: {
    type: 'object',
    description: 'Properties of MQTT 5.',
    properties: {
      responseTopic: { type: 'string', pattern: '^res/.', description: 'Where the answer goes.' },
      correlationData: { type: 'string', description: 'Comes back with the answer.' },
    },
  },
  AnswerProperties: {
    type: 'object',
    description: 'Properties of MQTT 5.',
    properties: { correlationData: { type: 'string', description: "The request's own." } },
  },
};

/** The AsyncAPI 3.0 document of the MQTT side, as the server sees it: it receives what clients publish. */
export function asyncApiDocument(operations: readonly Operation[], version: string): Json {
  const refs = new Refs({ ...named, ...properties });
  const messages: Record<string, unknown> = {};
  for (const { messages: all } of topics)
    for (const { name, summary, payload, examples } of all)
      messages[name] ??= {
        name,
        summary,
        contentType: 'application/json',
        payload: refs.use(payload),
        examples: examples.map((example, i) => ({ name: `example-${i + 1}`, payload: example })),
      };
  const channels = {
    ...Object.fromEntries(topics.map((topic) => [topic.name, channelOf(topic)])),
    ...Object.fromEntries(
      operations.map((operation) => [
        `req.${operation.name}`,
        {
          address: `req/${operation.name}`,
          summary: operation.summary,
          messages: { request: requestMessage(operation, refs) },
        },
      ]),
    ),
    answers: {
      address: null,
      summary: 'Answers, to the asking connection alone',
      description:
        'The topic is the Response Topic of the request, or `res/{operation}`; no subscription is needed.',
      messages: {
        ...Object.fromEntries(operations.map((one) => [one.name, answerMessage(one, refs)])),
        refusal: refusalMessage(refs),
      },
    },
  };
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Petrel over MQTT',
      version,
      description:
        'Every operation of `/openapi.json` is here too, as a request to `req/{operation}`. `receive` is what the server receives: clients publish it. Times are ms since 1970.',
      license: { name: 'Apache License 2.0' },
      tags: tagsOf(operations.map(({ name }) => name)),
    },
    defaultContentType: 'application/json',
    servers: servers(),
    channels,
    operations: {
      ...Object.fromEntries(topics.map((topic) => [topic.name, operationOf(topic)])),
      ...Object.fromEntries(operations.map((one) => [one.name, requestOperation(one)])),
    },
    components: {
      schemas: refs.schemas,
      messages,
      correlationIds: {
        request: {
          location: '$message.header#/correlationData',
          description: 'Correlation Data; or `rid` in the payload.',
        },
      },
      securitySchemes: {
        token: {
          type: 'userPassword',
          description:
            'The password is the access token, the user name is empty or the uid. MQTT 5 clients may use the authentication method `jwt` with the token as authentication data.',
        },
      },
    },
  };
}

const servers = (): Json => {
  const security = [{ $ref: '#/components/securitySchemes/token' }];
  const description = 'MQTT 5, and 3.1.1.';
  return {
    mqtt: { host: 'localhost:1883', protocol: 'mqtt', protocolVersion: '5.0', description, security },
    websocket: {
      host: 'localhost:8080',
      pathname: '/mqtt',
      protocol: 'ws',
      protocolVersion: '5.0',
      description: 'MQTT over WebSocket, subprotocol `mqtt`.',
      security,
    },
  };
};

const parameters: Readonly<Record<string, Json>> = {
  uid: { description: 'A user: 1 to 64 of a-z 0-9 _ . -', examples: ['bob'] },
  gid: { description: 'A group.', examples: ['g-4f7a2c'] },
};

const channelOf = ({ address, summary, description, messages }: Topic): Json => {
  const names = [...address.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  return {
    address,
    summary,
    description,
    parameters: Object.fromEntries(names.map((name) => [name, parameters[name]])),
    messages: Object.fromEntries(
      messages.map(({ name }) => [name, { $ref: `#/components/messages/${name}` }]),
    ),
  };
};

const operationOf = ({
  name,
  direction,
  summary,
  description,
  qos,
  retain = false,
  messages,
}: Topic): Json => ({
  action: direction === 'in' ? 'receive' : 'send',
  channel: { $ref: `#/channels/${name}` },
  summary,
  description,
  messages: messages.map((message) => ({ $ref: `#/channels/${name}/messages/${message.name}` })),
  bindings: { mqtt: { qos, retain, bindingVersion: '0.2.0' } },
});
