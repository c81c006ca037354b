import { readFileSync, watch } from 'node:fs';
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { WebSocketServer } from 'ws';
import { Connection } from './connection.ts';
import type { BrokerContext } from './context.ts';
import { drain } from './drain.ts';
import { reasons } from './gate/fault.ts';
import { isAllowedOrigin } from './gate/origin.ts';
import { deaf, SocketTransport, type Transport, WebSocketTransport } from './gate/transport.ts';

/** WebSocket subprotocols of MQTT. [MQTT-6.0.0-3] */
const subprotocols = ['mqtt', 'mqttv3.1'];

/** WebSocket messages up to this size are taken, however small the packets have to be. */
const minMessageBytes = 1024 * 1024;

/** `http` of the configuration. */
interface HttpOptions {
  readonly trustProxy: boolean;
  readonly corsOrigins: readonly string[];
}

export interface BrokerServerOptions {
  /** Whether clients that are moved off find another node to go to. */
  readonly hasOthers?: () => boolean;
}

/** Opens the doors for MQTT: TCP, TLS, and WebSocket at /mqtt of an HTTP server. */
export class BrokerServer {
  readonly #context: BrokerContext;
  readonly #hasOthers: () => boolean;
  readonly #servers: Server[] = [];
  /** Where other nodes come in. */
  #plain: Server | undefined;
  readonly #watchers: (() => void)[] = [];
  #sockets: WebSocketServer | undefined;
  #lastId = 0;
  #closing = false;

  constructor(context: BrokerContext, { hasOthers = () => false }: BrokerServerOptions = {}) {
    this.#context = context;
    this.#hasOthers = hasOthers;
  }

  /** Listens as configured; answers the addresses. Rejects where a port is in use or a certificate is not valid. */
  async listen(): Promise<string[]> {
    const { host, port, tls } = this.#context.config.mqtt;
    const plain = createServer({ noDelay: true }, (socket) =>
      this.#serve(new SocketTransport(socket, 'tcp')),
    );
    this.#plain = plain;
    const addresses = [`mqtt://${await this.#open(plain, host, port)}`];
    if (tls !== undefined) {
      const secure = createTlsServer(certificates(tls), (socket) =>
        this.#serve(new SocketTransport(socket, 'tls')),
      );
      secure.on('tlsClientError', (_error, socket) => socket.destroy());
      addresses.push(`mqtts://${await this.#open(secure, host, tls.port)}`);
      this.#reload(secure, tls);
    }
    return addresses;
  }

  #open(server: Server, host: string, port: number): Promise<string> {
    this.#servers.push(server);
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, 8192, () => {
        server.off('error', reject);
        server.on('error', (error) => this.#context.log.error({ err: error }, 'A listener failed.'));
        const { port: bound } = server.address() as AddressInfo;
        resolve(`${host.includes(':') ? `[${host}]` : host}:${bound}`);
      });
    });
  }

  /** Certificates are read again when their files change; a bad file is told and the old one stays. */
  #reload(server: TlsServer, tls: NonNullable<BrokerContext['config']['mqtt']['tls']>): void {
    const { log } = this.#context;
    let due: NodeJS.Timeout | undefined;
    const apply = (): void => {
      try {
        server.setSecureContext(certificates(tls));
        log.info('The certificate was read again.');
      } catch (error) {
        log.error({ err: error }, 'The certificate could not be read; the old one stays.');
      }
    };
    for (const file of [tls.cert, tls.key, ...(tls.clientCa === undefined ? [] : [tls.clientCa])]) {
      const watcher = watch(file, () => {
        clearTimeout(due);
        due = setTimeout(apply, 200).unref();
      });
      this.#watchers.push(() => watcher.close());
    }
  }

  /** Takes upgrades at /mqtt; `trustProxy` lets X-Forwarded-For name the client and X-Forwarded-Host the server. */
  attachTo(server: HttpServer, { trustProxy, corsOrigins }: HttpOptions): void {
    const sockets = new WebSocketServer({
      noServer: true,
      // A message may hold several packets, and one that is too large is to be told 0x95. [MQTT-6.0.0-2]
      maxPayload: Math.max(4 * this.#context.config.mqtt.maxPacketSize, minMessageBytes),
      perMessageDeflate: false,
      handleProtocols: (offered) => subprotocols.find((protocol) => offered.has(protocol)) ?? false,
    });
    this.#sockets = sockets;
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => socket.destroy());
      const path = (request.url ?? '').split('?', 1)[0];
      const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
      if (path !== '/mqtt') refuseUpgrade(socket, '404 Not Found');
      else if (this.#closing) refuseUpgrade(socket, '503 Service Unavailable');
      else if (!offered.some((name) => subprotocols.includes(name))) refuseUpgrade(socket, '400 Bad Request');
      else if (!isAllowedOrigin(request.headers, { corsOrigins, trustProxy }))
        refuseUpgrade(socket, '403 Forbidden');
      else {
        sockets.handleUpgrade(request, socket, head, (webSocket) => {
          this.#serve(new WebSocketTransport(webSocket, addressOf(request, trustProxy)));
        });
      }
    });
  }

  #serve(transport: Transport): void {
    const { registry, config } = this.#context;
    this.#lastId++;
    const connection = new Connection(`c${this.#lastId}`, transport, this.#context);
    if (!registry.add(connection, config.mqtt.maxHalfOpen)) {
      // It was never counted: its end must not free another one's place.
      transport.listen(deaf);
      transport.destroy();
      return;
    }
    transport.listen(connection);
  }

  /**
   * No new connections of clients: where other nodes come in they get 0x88. Clients are served on until they are moved
   * off, over `mqtt.drainTime`; without it, or when it is over, nothing more is read, sends in hand are stored and
   * acknowledged, the clients are told that the server shuts down, and their sessions are stored. Other nodes' connections
   * stay until all that is done, and may be made anew: sends need them.
   */
  async close(): Promise<void> {
    this.#closing = true;
    for (const close of this.#watchers) close();
    const { registry, router, sends, config } = this.#context;
    const kept = router === undefined ? undefined : this.#plain;
    const closed = this.#servers.filter((server) => server !== kept).map(ended);
    if (config.mqtt.drainTime > 0) await this.#drain(config.mqtt.drainTime * 1000);
    for (const client of registry.connections()) client.stopReading();
    await sends.drained();
    for (const client of [...registry.connections()]) this.#end(client, reasons.serverShuttingDown);
    await registry.settledTurns();
    if (kept !== undefined) closed.push(ended(kept));
    // Who came meanwhile is neither a client nor a node yet.
    for (const client of [...registry.connections()]) client.destroy();
    router?.close();
    this.#sockets?.close();
    await Promise.all(closed);
  }

  async #drain(overMs: number): Promise<void> {
    const { registry, log } = this.#context;
    const clients = [...registry.connections()].filter((one) => one.isOpen);
    log.info({ clients: clients.length, overMs }, 'Clients are moved off.');
    await drain(clients, overMs, async (client) => {
      client.stopReading();
      await client.answers.settled();
      this.#end(client, this.#hasOthers() ? reasons.useAnotherServer : reasons.serverShuttingDown);
    });
  }

  #end(connection: Connection, reason: number): void {
    if (connection.isOpen) connection.end(reason, 'The server is shutting down.');
    else connection.destroy();
  }
}

const ended = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function addressOf(request: IncomingMessage, trustProxy: boolean): string {
  const forwarded = trustProxy ? request.headers['x-forwarded-for'] : undefined;
  const first = (Array.isArray(forwarded) ? forwarded[0] : forwarded)?.split(',')[0]?.trim();
  return first || (request.socket as Socket).remoteAddress || '';
}

function certificates(tls: NonNullable<BrokerContext['config']['mqtt']['tls']>) {
  return {
    cert: readFileSync(tls.cert),
    key: readFileSync(tls.key),
    minVersion: 'TLSv1.2' as const,
    ...(tls.clientCa === undefined
      ? {}
      : { ca: readFileSync(tls.clientCa), requestCert: true, rejectUnauthorized: true }),
  };
}
