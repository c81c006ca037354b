import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { createHttp } from '../api/http.ts';
import type { Operation } from '../api/operation.ts';
import { registerHealth } from '../ops/health.ts';
import { countRequests } from '../ops/requests.ts';
import type { Limits } from '../policy/limits.ts';
import type { Base } from './base.ts';
import type { Closing } from './closing.ts';
import type { IdentityParts } from './identity.ts';

/** Where the build puts the page: beside what it makes of this. */
const pageFolder = fileURLToPath(new URL('../web/', import.meta.url));

export interface HttpParts {
  readonly identity: Pick<IdentityParts, 'authenticator' | 'keys'>;
  /** Those served below /v1; none where the role serves no API. */
  readonly operations: readonly Operation[];
  readonly requestLimits: Limits;
  /** Rejects while no traffic can be taken. */
  readonly ready: () => Promise<void>;
}

/** The HTTP port of every role: health and metrics, and the API with its page where there is one. Not listening yet. */
export async function openHttp(
  { config, log, metrics, version }: Base,
  { identity, operations, requestLimits, ready }: HttpParts,
  closing: Closing,
): Promise<FastifyInstance> {
  const http = await createHttp({
    config,
    operations,
    authenticator: identity.authenticator,
    keys: identity.keys,
    version,
    requestLimits,
    pageFolder,
    // Fastify tells each of its addresses; the ready line names them all.
    log: log.isLevelEnabled('info') ? log.child({}, { level: 'warn' }) : log,
    register: (fastify) => {
      countRequests(fastify, metrics, operations);
      registerHealth(fastify, { ready, registry: metrics.registry });
    },
  });
  closing.add(() => http.close());
  return http;
}

/** `host:port` of an HTTP server that listens. */
export function addressOf({ server }: FastifyInstance, host: string): string {
  const { port } = server.address() as AddressInfo;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
