import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type PageFile, type Representation, readPageFiles } from './page-files.ts';

/**
 * What the page may do: its own scripts and styles, nothing inline; its own server, MQTT over WebSocket among it (which
 * 'self' includes); pictures of anywhere, as profiles may name them.
 */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' https: data: blob:",
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  // Texts become neither markup nor scripts; the one policy is for the address of the service worker.
  "require-trusted-types-for 'script'",
  'trusted-types petrel-worker',
].join('; ');

const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': pagePolicy,
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy':
    'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), publickey-credentials-get=(), usb=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  // For what does not know frame-ancestors.
  'x-frame-options': 'DENY',
};

/** Hosts whose plain http counts as secure. */
const isLocal = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** A first load is about ten files, copied from memory; they do not use up what the API allows an address. */
const filesPerSecond = 1000;

const notBuilt = `Petrel is running, without its web chat: the page was not built.

From a clone, "npm run build" builds it; then start the server again.
The API is described at /docs.
`;

/** Serves a built page at /, each of its files by its exact path; where it was not built, / says so. */
export function registerPage(fastify: FastifyInstance, folder: string): void {
  const config = { rateLimit: { groupId: 'page', max: filesPerSecond } };
  const files = readPageFiles(folder);
  if (files.length === 0)
    fastify.get('/', { config }, (_, reply) =>
      reply.code(404).type('text/plain; charset=utf-8').send(notBuilt),
    );
  for (const file of files) {
    const answer = (request: FastifyRequest, reply: FastifyReply) => sendFile(file, request, reply);
    fastify.get(encodeURI(file.path), { config }, answer);
    if (file.path === '/index.html') fastify.get('/', { config }, answer);
  }
}

function sendFile(
  file: PageFile,
  { headers, protocol, hostname }: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const chosen = choose(file.representations, headers['accept-encoding'] ?? '');
  void reply.headers({
    ...securityHeaders,
    // Elsewhere browsers ignore it, and complain.
    ...((protocol === 'https' || isLocal.test(hostname)) && { 'cross-origin-opener-policy': 'same-origin' }),
    'cache-control': file.isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag: chosen.etag,
    vary: 'accept-encoding',
  });
  if (has(headers['if-none-match'], chosen.etag)) return reply.code(304).send();
  if (chosen.encoding !== undefined) void reply.header('content-encoding', chosen.encoding);
  return reply.type(file.type).send(chosen.body);
}

/** The first that the client takes; the file as it is, which is the last, is taken by all. */
function choose(representations: readonly Representation[], acceptEncoding: string): Representation {
  const accepted = new Set(
    acceptEncoding
      .toLowerCase()
      .split(',')
      .map((one) => one.trim())
      .filter((one) => !/;\s*q=0(\.0*)?$/.test(one))
      .map((one) => one.split(';', 1)[0]!.trim()),
  );
  return representations.find(({ encoding }) => encoding === undefined || accepted.has(encoding))!;
}

/** Whether `If-None-Match` names the tag. (RFC 9110, 13.1.2) */
const has = (ifNoneMatch = '', etag: string): boolean =>
  ifNoneMatch.split(',').some((one) => ['*', etag].includes(one.trim().replace(/^W\//, '')));
