import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import cors from '@fastify/cors';
import rateLimit from '@fastify/rate-limit';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { addressKey, type Limits } from '../policy/limits.ts';
import type { Config } from '../schemas/config.ts';
import { PetrelError } from '../schemas/errors.ts';
import type { Authenticator } from '../schemas/identity.ts';
import type { SigningKeys } from './auth/keys.ts';
import { registerDocs } from './http/docs.ts';
import { registerPage } from './http/page.ts';
import { problemHeaders, problemType, sendProblem, toProblem } from './http/problem.ts';
import { parseJson, registerOperations } from './http/routes.ts';
import type { Operation } from './operation.ts';

const maxBodyBytes = 1024 * 1024;
const maxParamLength = 1024;
/** A request that takes longer to arrive is given up. */
const requestTimeoutMs = 60_000;

export interface HttpOptions {
  readonly config: Pick<Config, 'http' | 'limits'>;
  /** Those served below /v1 and documented; none where the role serves no API. */
  readonly operations: readonly Operation[];
  readonly authenticator: Authenticator;
  readonly keys: Pick<SigningKeys, 'published'>;
  /** How often one may ask for operations; without them anything goes. */
  readonly requestLimits?: Limits;
  /** Petrel's version, for the OpenAPI document. */
  readonly version: string;
  readonly log?: FastifyBaseLogger;
  /** Folder of the built page, served at / beside operations unless `http.web` is off; no page where absent. */
  readonly pageFolder?: string;
  /** Adds routes of other parts (health, metrics) before the rest. */
  readonly register?: (fastify: FastifyInstance) => void;
}

/** The HTTP port, not listening yet: API, documents, keys, page. */
export async function createHttp(options: HttpOptions): Promise<FastifyInstance> {
  const { config, operations, authenticator, keys, pageFolder, log } = options;
  const fastify = Fastify({
    ...(log === undefined ? { logger: false } : { loggerInstance: log }),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: maxBodyBytes,
    requestTimeout: requestTimeoutMs,
    trustProxy: config.http.trustProxy,
    routerOptions: { maxParamLength },
    frameworkErrors: sendProblem,
    clientErrorHandler: refuseBytes,
  });
  // Operations check their input themselves, alike for both doors.
  fastify.setValidatorCompiler(() => () => true);
  fastify.setErrorHandler(sendProblem);
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_: unknown, body: Buffer) =>
    parseJson(body),
  );

  if (config.http.corsOrigins.length > 0)
    await fastify.register(cors, {
      origin: config.http.corsOrigins.includes('*') ? '*' : [...config.http.corsOrigins],
      methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
      allowedHeaders: ['authorization', 'content-type'],
      exposedHeaders: ['retry-after'],
      maxAge: 600,
    });
  if (config.limits.httpPerSecond > 0)
    await fastify.register(rateLimit, {
      max: config.limits.httpPerSecond,
      timeWindow: 1000,
      keyGenerator: ({ ip }) => addressKey(ip),
      errorResponseBuilder: (_, { ttl }) => new PetrelError('request.rate', undefined, { retryAfterMs: ttl }),
    });
  fastify.setNotFoundHandler((request, reply) =>
    sendProblem(new PetrelError('request.unknown-operation'), request, reply),
  );

  options.register?.(fastify);
  fastify.get('/.well-known/jwks.json', async (_, reply) =>
    reply.header('cache-control', 'public, max-age=60').send(await keys.published()),
  );
  registerOperations(fastify, operations, authenticator, options.requestLimits);
  if (operations.length > 0) {
    await registerDocs(fastify, operations, options.version);
    if (config.http.web && pageFolder !== undefined) registerPage(fastify, pageFolder);
  }
  return fastify;
}

/** Bytes that are no HTTP request, or one with too large a header, get a problem document too. */
function refuseBytes(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable || hasAnswered(socket)) {
    socket.destroy(error);
    return;
  }
  const tooLarge = error.code === 'HPE_HEADER_OVERFLOW';
  const problem = new PetrelError(tooLarge ? 'request.too-large' : 'request.invalid');
  const body = JSON.stringify(toProblem(problem));
  const headers = { ...problemHeaders(problem), 'content-type': problemType };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const status = tooLarge ? '413 Payload Too Large' : '400 Bad Request';
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\n${lines.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** Whether an answer has begun on this socket: nothing may be written into its middle. */
const hasAnswered = (socket: Socket & { _httpMessage?: ServerResponse }): boolean =>
  socket._httpMessage?.headersSent === true;
