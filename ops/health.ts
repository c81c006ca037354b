import type {} from '@fastify/rate-limit';
import type {} from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { PetrelError } from '../schemas/errors.ts';

export interface HealthOptions {
  /** Resolves when traffic can be taken; rejects with the reason otherwise. */
  readonly ready: () => Promise<void>;
  readonly registry: Registry;
  /** How long `ready` may take before the answer is no. */
  readonly readyTimeoutMs?: number;
}

/**
 * Adds GET /healthz (200 while the process runs its event loop), GET /readyz (200, or 503 and a problem document that
 * says why) and GET /metrics (Prometheus text). They need no token and count in no limit.
 */
export function registerHealth(
  fastify: FastifyInstance,
  { ready, registry, readyTimeoutMs = 2000 }: HealthOptions,
): void {
  const route = { config: { rateLimit: false as const }, schema: { hide: true }, logLevel: 'warn' as const };

  fastify.get('/healthz', route, () => ({ status: 'ok' }));

  fastify.get('/readyz', route, async (_request, reply) => {
    try {
      await inTime(ready(), readyTimeoutMs);
      return { status: 'ready' };
    } catch (thrown) {
      const { code, message } = notReady(thrown);
      return reply.code(503).type('application/problem+json').send({
        type: 'about:blank',
        title: 'Not ready',
        status: 503,
        code,
        detail: message,
        retryable: true,
      });
    }
  });

  fastify.get('/metrics', route, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
}

const notReady = (thrown: unknown): PetrelError =>
  thrown instanceof PetrelError ? thrown : new PetrelError('connect.not-ready', undefined, { cause: thrown });

function inTime(work: Promise<void>, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = () =>
      reject(new PetrelError('store.unavailable', `A store has not answered for ${timeoutMs} ms.`));
    const timer = setTimeout(late, timeoutMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
