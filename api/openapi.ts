import { named } from './documents/components.ts';
import { ErrorResponses } from './documents/errors.ts';
import { type Member, partsOf } from './documents/input.ts';
import { type Json, Refs } from './documents/refs.ts';
import { tagOf, tagsOf } from './documents/tags.ts';
import { type Example, examples } from './examples.ts';
import type { Operation } from './operation.ts';

/** The OpenAPI 3.1 document of the operations. */
export function openApiDocument(operations: readonly Operation[], version: string): Json {
  const refs = new Refs(named);
  const errorResponses = new ErrorResponses(refs);
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of operations) {
    const path = `/v1${operation.path}`;
    const described = describe(operation, examples[operation.name] ?? {}, refs, errorResponses);
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: described };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Petrel',
      version,
      summary: 'A chat server that speaks plain MQTT 5.',
      description: [
        'Every operation exists twice: here, and over MQTT as a request to `req/{operationId}` with the same input, output and errors (see [/docs/mqtt](/docs/mqtt), or `/asyncapi.json`).',
        'Times are ms since 1970. A member that is not set is absent. Lists answer `{items, next?}`; give `next` as `cursor` to read on. Errors are problem documents (RFC 9457) whose `code` is stable.',
      ].join('\n\n'),
      license: { name: 'Apache License 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'This server.' }],
    tags: tagsOf(operations.map(({ name }) => name)),
    paths,
    components: {
      schemas: refs.schemas,
      ...errorResponses.components,
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description:
            'An access token of `auth.register`, `auth.login`, your backend or your OIDC provider.',
        },
      },
    },
  };
}

function describe(operation: Operation, example: Example, refs: Refs, errorResponses: ErrorResponses): Json {
  const { name, summary, access, status, repeatStatus, output } = operation;
  const { path, query, body } = partsOf(operation);
  const answer = {
    ...(status !== 204 && {
      content: {
        'application/json': {
          schema: refs.use(output),
          ...(example.output !== undefined && { example: example.output }),
        },
      },
    }),
  };
  const given = example.input ?? {};
  const parameters = [
    ...path.map((member) => parameter(member, 'path', given, refs)),
    ...query.map((member) => parameter(member, 'query', given, refs)),
  ];
  return {
    operationId: name,
    summary,
    description: `Over MQTT: \`req/${name}\`.${access === 'admin' ? ' Needs the scope `admin`.' : ''}`,
    tags: [tagOf(name)],
    ...(parameters.length > 0 && { parameters }),
    ...(body.length > 0 && { requestBody: requestBody(body, given, refs) }),
    responses: {
      ...(repeatStatus !== undefined && { [repeatStatus]: { description: 'Done before.', ...answer } }),
      [status]: { description: 'Done.', ...answer },
      ...errorResponses.of(operation),
    },
    security: access === 'none' ? [] : [{ bearer: access === 'admin' ? ['admin'] : [] }],
  };
}

function parameter(
  { name, schema, required }: Member,
  place: 'path' | 'query',
  given: Json,
  refs: Refs,
): Json {
  return {
    name,
    in: place,
    required,
    ...(schema.description !== undefined && { description: schema.description }),
    schema: refs.use(schema),
    ...(given[name] !== undefined && { example: given[name] }),
  };
}

function requestBody(members: readonly Member[], given: Json, refs: Refs): Json {
  const required = members.filter((member) => member.required).map(({ name }) => name);
  const shown = members.filter(({ name }) => given[name] !== undefined);
  return {
    required: required.length > 0,
    content: {
      'application/json': {
        schema: {
          type: 'object',
          properties: Object.fromEntries(members.map(({ name, schema }) => [name, refs.use(schema)])),
          ...(required.length > 0 && { required }),
          additionalProperties: false,
        },
        example: Object.fromEntries(shown.map(({ name }) => [name, given[name]])),
      },
    },
  };
}
