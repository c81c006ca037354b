import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { PetrelError } from '../../schemas/errors.ts';

export const problemType = 'application/problem+json';

/** An error as a problem document (RFC 9457); `code` is the stable part. `retryAfter` is in ms. */
export const toProblem = (error: PetrelError) => ({
  type: 'about:blank',
  title: STATUS_CODES[error.entry.status] ?? 'Error',
  status: error.entry.status,
  detail: error.message,
  code: error.code,
  retryable: error.entry.retryable,
  ...(error.retryAfterMs !== undefined && { retryAfter: error.retryAfterMs }),
});

/** Headers that go with an error. */
export function problemHeaders({ code, entry, retryAfterMs }: PetrelError): Record<string, string> {
  const seconds = retryAfterMs === undefined ? 1 : Math.max(1, Math.ceil(retryAfterMs / 1000));
  return {
    ...(entry.status === 401 && {
      'www-authenticate': `Bearer realm="petrel"${code === 'auth.expired' ? ', error="invalid_token"' : ''}`,
    }),
    ...((entry.status === 429 || entry.status === 503) && { 'retry-after': String(seconds) }),
  };
}

/** What was thrown, as an error of ours: fastify's refusals of a request are the client's fault, all else is not. */
export function fromFastify(thrown: unknown): PetrelError {
  if (thrown instanceof PetrelError) return thrown;
  const { statusCode, message } = thrown as Partial<FastifyError>;
  if (statusCode === 413) return new PetrelError('request.too-large', undefined, { cause: thrown });
  if (statusCode === 404) return new PetrelError('request.unknown-operation', undefined, { cause: thrown });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new PetrelError('request.invalid', message, { cause: thrown });
  return new PetrelError('server.error', undefined, { cause: thrown });
}

/** Answers with a problem document; a fault of the server is logged with its cause, without the request's body. */
export function sendProblem(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = fromFastify(thrown);
  if (error.code === 'server.error')
    request.log.error(
      { err: error.cause, method: request.method, route: request.routeOptions.url },
      'request failed',
    );
  void reply.code(error.entry.status).headers(problemHeaders(error)).type(problemType).send(toProblem(error));
}
