import type { TSchema } from 'typebox';
import { type ErrorCode, errors } from '../schemas/errors.ts';
import type { Operation } from './operation.ts';

type Json = Readonly<Record<string, unknown>>;

/** The OpenAPI 3.1 document of the operations. */
export function openApiDocument(operations: readonly Operation[], version: string): Json {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of operations) {
    const path = `/v1${operation.path}`;
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: describe(operation) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Petrel',
      version,
      description:
        'Every operation exists twice: here, and over MQTT as a request to `req/{operationId}` with the same input, output and errors.',
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: { Problem: problem },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}

const problem = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'retryable'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', enum: Object.keys(errors) },
    retryable: { type: 'boolean' },
  },
};

/** Errors that operations have without naming them. */
const commonErrors = ({ access }: Operation): ErrorCode[] => [
  'request.invalid',
  ...(access === 'none' ? [] : (['auth.bad-token', 'auth.expired', 'auth.banned'] as const)),
  ...(access === 'admin' ? (['auth.forbidden'] as const) : []),
  'request.rate',
  'store.unavailable',
];

function describe(operation: Operation): Json {
  const { name, summary, access, status, output, path, method } = operation;
  const inPath = new Set([...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!));
  const { properties, required = [] } = operation.input as unknown as {
    properties: Record<string, TSchema & { description?: string }>;
    required?: string[];
  };
  const inQuery = method === 'GET' || method === 'DELETE';
  const parameters = Object.entries(properties)
    .filter(([member]) => inPath.has(member) || inQuery)
    .map(([member, schema]) => ({
      name: member,
      in: inPath.has(member) ? 'path' : 'query',
      required: required.includes(member),
      schema,
      ...(schema.description !== undefined && { description: schema.description }),
    }));
  const inBody = Object.entries(properties).filter(([member]) => !inPath.has(member));
  const requiredInBody = required.filter((member) => !inPath.has(member));
  return {
    operationId: name,
    summary,
    tags: [name.split('.')[0]],
    ...(parameters.length > 0 && { parameters }),
    ...(!inQuery &&
      inBody.length > 0 && {
        requestBody: {
          required: requiredInBody.length > 0,
          content: {
            'application/json': {
              schema: {
                type: 'object',
                properties: Object.fromEntries(inBody),
                ...(requiredInBody.length > 0 && { required: requiredInBody }),
                additionalProperties: false,
              },
            },
          },
        },
      }),
    responses: {
      [status]: {
        description: 'Done.',
        ...(status !== 204 && { content: { 'application/json': { schema: output } } }),
      },
      ...errorResponses(operation),
    },
    security: access === 'none' ? [] : [{ bearer: [] }],
  };
}

function errorResponses(operation: Operation): Record<string, Json> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set([...operation.errors, ...commonErrors(operation)]))
    byStatus.set(errors[code].status, [...(byStatus.get(errors[code].status) ?? []), code]);
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, codes]) => [
        String(status),
        {
          description: codes.map((code) => `\`${code}\`: ${errors[code].message}`).join('\n\n'),
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      ]),
  );
}
