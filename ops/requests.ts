import type { FastifyInstance } from 'fastify';
import type { Metrics } from './metrics.ts';

/** What of an operation makes it known by its route. */
interface Route {
  readonly name: string;
  readonly method: string;
  /** Below /v1, as in `/users/{uid}`. */
  readonly path: string;
}

/** Counts every request that is answered, by the operation it asked for; all else is `other`. Before the routes. */
export function countRequests(
  fastify: FastifyInstance,
  { requests }: Pick<Metrics, 'requests'>,
  operations: readonly Route[],
): void {
  const names = new Map(
    operations.map(({ name, method, path }) => [
      `${method} /v1${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      name,
    ]),
  );
  fastify.addHook('onResponse', async (request, reply) => {
    const name = names.get(`${request.method} ${request.routeOptions.url}`) ?? 'other';
    requests.add(1, name, String(reply.statusCode));
  });
}
