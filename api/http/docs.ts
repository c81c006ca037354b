import swagger, { type StaticDocumentSpec } from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { openApiDocument } from '../openapi.ts';
import type { Operation } from '../operation.ts';

/** Serves /openapi.json, and pages at /docs that need nothing from outside. */
export async function registerDocs(
  fastify: FastifyInstance,
  operations: readonly Operation[],
  version: string,
): Promise<void> {
  const document = openApiDocument(operations, version);
  const text = JSON.stringify(document);
  fastify.get('/openapi.json', (_, reply) => reply.type('application/json; charset=utf-8').send(text));
  await fastify.register(swagger, {
    mode: 'static',
    specification: { document: document as unknown as StaticDocumentSpec['document'] },
  });
  await fastify.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: { docExpansion: 'list', persistAuthorization: true },
    staticCSP: "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'",
  });
}
