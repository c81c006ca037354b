import swagger, { type StaticDocumentSpec } from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { asyncApiDocument } from '../asyncapi.ts';
import { mqttPage, mqttPagePolicy } from '../documents/mqtt-page.ts';
import { openApiDocument } from '../openapi.ts';
import type { Operation } from '../operation.ts';

/** Serves /openapi.json and /asyncapi.json, and pages at /docs and /docs/mqtt that need nothing from outside. */
export async function registerDocs(
  fastify: FastifyInstance,
  operations: readonly Operation[],
  version: string,
): Promise<void> {
  const document = openApiDocument(operations, version);
  const json = 'application/json; charset=utf-8';
  const [openApi, asyncApi] = [document, asyncApiDocument(operations, version)].map((one) =>
    JSON.stringify(one),
  );
  const page = mqttPage(operations, version);
  fastify.get('/openapi.json', (_, reply) => reply.type(json).send(openApi));
  fastify.get('/asyncapi.json', (_, reply) => reply.type(json).send(asyncApi));
  fastify.get('/docs/mqtt', (_, reply) =>
    reply
      .headers({ 'content-security-policy': mqttPagePolicy, 'x-content-type-options': 'nosniff' })
      .type('text/html; charset=utf-8')
      .send(page),
  );
  await fastify.register(swagger, {
    mode: 'static',
    specification: { document: document as unknown as StaticDocumentSpec['document'] },
  });
  await fastify.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: { docExpansion: 'list', persistAuthorization: true },
    // The bar above is for looking at other documents, under another project's name.
    theme: { title: 'Petrel', css: [{ filename: 'petrel.css', content: '.topbar { display: none }' }] },
    staticCSP: "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'",
  });
}
