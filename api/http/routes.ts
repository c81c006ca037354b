import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Limits } from '../../policy/limits.ts';
import { PetrelError } from '../../schemas/errors.ts';
import type { Authenticator } from '../../schemas/identity.ts';
import { admission, createCall } from '../call.ts';
import type { Caller, Operation } from '../operation.ts';
import { coerceTexts } from './coerce.ts';

/** A JSON body, or undefined for an empty one. */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  if (!isUtf8(body)) throw new PetrelError('request.invalid', 'The body is not UTF-8.');
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch (error) {
    throw new PetrelError('request.invalid', 'The body is not JSON.', { cause: error });
  }
}

/** The token of `Authorization: Bearer …`; undefined without one. */
export function bearerToken(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const [scheme, token, ...rest] = header.trim().split(/ +/);
  if (scheme?.toLowerCase() !== 'bearer' || token === undefined || rest.length > 0)
    throw new PetrelError('auth.bad-token');
  return token;
}

/** One object of path, and query or body; see Operation. */
function inputOf(operation: Operation, request: FastifyRequest): unknown {
  const path = coerceTexts(operation.input, request.params as Record<string, unknown>);
  if (operation.method === 'GET' || operation.method === 'DELETE')
    return { ...coerceTexts(operation.input, request.query as Record<string, unknown>), ...path };
  const { body = {} } = request;
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new PetrelError('request.invalid', 'The body is not a JSON object.');
  for (const [name, value] of Object.entries(path))
    if (Object.hasOwn(body, name) && (body as Record<string, unknown>)[name] !== value)
      throw new PetrelError('request.invalid', `"${name}" of the body is not that of the path.`);
  return { ...body, ...path };
}

/** Serves every operation of the table below /v1. */
export function registerOperations(
  fastify: FastifyInstance,
  operations: readonly Operation[],
  authenticator: Authenticator,
  limits?: Limits,
): void {
  const callers = new WeakMap<FastifyRequest, Caller>();
  const callerOf = async ({ access }: Operation, request: FastifyRequest): Promise<Caller> => {
    if (access === 'none') return { identity: undefined, address: request.ip };
    const token = bearerToken(request.headers.authorization);
    if (token === undefined) throw new PetrelError('auth.bad-token');
    const identity = await authenticator.verify(token);
    return { identity, address: request.ip, ...(identity.did !== undefined && { did: identity.did }) };
  };
  for (const operation of operations) {
    const call = createCall(operation, limits);
    fastify.route({
      method: operation.method,
      url: `/v1${operation.path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      // Who may not come in, or comes too often, is told so before the body is read.
      async onRequest(request) {
        const caller = await callerOf(operation, request);
        const tooOften = admission(limits, caller);
        if (tooOften !== undefined) throw tooOften;
        callers.set(request, caller);
      },
      async handler(request, reply) {
        const { status, data } = await call(inputOf(operation, request), callers.get(request)!);
        // Answers are about people: no cache on the way keeps them.
        void reply.code(status).header('cache-control', 'no-store');
        return status === 204
          ? reply.send()
          : reply.type('application/json; charset=utf-8').send(JSON.stringify(data));
      },
    });
  }
}
