import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the hook was asked. */
export interface Asked {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly raw: string;
  readonly body: Record<string, unknown>;
}

type Reply = (asked: Asked, response: ServerResponse) => void;

export const answer =
  (verdict: unknown, status = 200): Reply =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(verdict));

export const allow = answer({ action: 'allow' });

/** A moderation hook for tests: a real HTTP server on a free port, which answers as `reply` says. */
export class Moderator {
  readonly asked: Asked[] = [];
  /** Connections it was given. */
  connections = 0;
  reply: Reply = allow;
  #server: Server | undefined;
  #port = 0;

  async start(): Promise<this> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const raw = Buffer.concat(chunks).toString('utf8');
        const asked = {
          method: request.method!,
          headers: request.headers,
          raw,
          body: JSON.parse(raw) as Record<string, unknown>,
        };
        this.asked.push(asked);
        this.reply(asked, response);
      });
    });
    server.on('connection', () => {
      this.connections++;
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/check?for=tests`;
  }

  /** Ends what is open, too; `start` begins again on the same port. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  /** Closes connections that wait for the next request. */
  dropIdle(): void {
    this.#server?.closeIdleConnections();
  }
}
