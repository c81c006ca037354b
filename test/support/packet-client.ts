import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { generate, type Packet, type PacketCmd, parser } from 'mqtt-packet';
import { within } from './until.ts';

export type Version = 3 | 4 | 5;
export type PacketOf<C extends PacketCmd> = Extract<Packet, { cmd: C }>;

interface Waiter {
  readonly wants: (packet: Packet) => boolean;
  readonly resolve: (packet: Packet) => void;
  readonly reject: (error: Error) => void;
}

const waitMs = 10_000;

/**
 * A connection that sends what it is told and keeps what it receives, packet by packet. Unless `acknowledges` is off it
 * answers QoS 1 and 2 deliveries by itself, and nothing else.
 */
export class PacketClient {
  readonly version: Version;
  readonly socket: Duplex;
  /** Resolves when the connection has ended. */
  readonly closed: Promise<void>;
  acknowledges = true;
  /** Packets of this kind are not kept for `next`. */
  ignores: PacketCmd | undefined;
  /** Packets that nobody has asked for yet. */
  readonly inbox: Packet[] = [];
  readonly #waiters = new Set<Waiter>();
  readonly #parser;
  #open = true;
  /** Why the server's bytes are no packets. */
  #fault: Error | undefined;
  #lastId = 0;

  constructor(socket: Duplex, version: Version = 5) {
    this.socket = socket;
    this.version = version;
    this.#parser = parser({ protocolVersion: version });
    this.#parser.on('packet', (packet) => this.#onPacket(packet));
    this.#parser.on('error', (error: Error) => {
      this.#fault = error;
      this.#rejectAll(error);
    });
    socket.on('data', (bytes: Buffer) => this.#parser.parse(bytes));
    // A reset ends a connection as well as a FIN does: `closed` tells.
    socket.on('error', () => {});
    socket.once('end', () => socket.end());
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#open = false;
        this.#rejectAll(new Error('the connection has ended'));
        resolve();
      });
    });
  }

  /** A TCP connection on which nothing was sent yet. */
  static async open(port: number, version: Version = 5): Promise<PacketClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new PacketClient(socket, version);
  }

  get isOpen(): boolean {
    return this.#open;
  }

  write(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  send(packet: Packet): void {
    this.write(generate(packet, { protocolVersion: this.version }));
  }

  /** A packet id that this connection has not used lately. */
  nextId(): number {
    this.#lastId = (this.#lastId % 65_535) + 1;
    return this.#lastId;
  }

  /** The first packet of this kind that nobody has taken yet, now or as soon as it comes; others stay. */
  next<C extends PacketCmd>(
    cmd: C,
    wanted: (packet: PacketOf<C>) => boolean = () => true,
    timeoutMs = waitMs,
  ): Promise<PacketOf<C>> {
    const wants = (packet: Packet) => packet.cmd === cmd && wanted(packet as PacketOf<C>);
    const at = this.inbox.findIndex(wants);
    if (at !== -1) return Promise.resolve(this.inbox.splice(at, 1)[0] as PacketOf<C>);
    if (!this.#open) return Promise.reject(new Error(`no ${cmd}: the connection has ended`));
    let waiter: Waiter | undefined;
    const packet = new Promise<Packet>((resolve, reject) => {
      waiter = { wants, resolve, reject };
      this.#waiters.add(waiter);
    });
    // Who has given up takes nothing any more.
    const given = () => this.#waiters.delete(waiter!);
    return within(`a ${cmd}`, packet as Promise<PacketOf<C>>, timeoutMs).finally(given);
  }

  /** Resolves when the server has read, and answered, all that was sent before. */
  async ping(): Promise<void> {
    this.send({ cmd: 'pingreq' });
    await this.next('pingresp');
  }

  /** The packet that ends the connection, once it has ended; undefined where it ended without one. */
  async ending(): Promise<PacketOf<'disconnect'> | undefined> {
    await within('the end of the connection', this.closed, waitMs);
    if (this.#fault) throw this.#fault;
    return this.inbox.find((packet) => packet.cmd === 'disconnect');
  }

  /** Says good-bye (MQTT DISCONNECT) and waits for the end. */
  async disconnect(): Promise<void> {
    if (this.#open) this.send({ cmd: 'disconnect', reasonCode: 0 });
    await within('the end of the connection', this.closed, waitMs);
  }

  /** Ends the connection without a word. */
  async drop(): Promise<void> {
    this.socket.destroy();
    await this.closed;
  }

  #onPacket(packet: Packet): void {
    if (this.acknowledges) this.#acknowledge(packet);
    if (packet.cmd === this.ignores) return;
    for (const waiter of this.#waiters) {
      if (!waiter.wants(packet)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(packet);
      return;
    }
    this.inbox.push(packet);
  }

  #acknowledge(packet: Packet): void {
    const { messageId } = packet;
    if (packet.cmd === 'publish' && packet.qos === 1) this.send({ cmd: 'puback', messageId: messageId! });
    else if (packet.cmd === 'publish' && packet.qos === 2)
      this.send({ cmd: 'pubrec', messageId: messageId! });
    else if (packet.cmd === 'pubrel') this.send({ cmd: 'pubcomp', messageId: messageId! });
  }

  #rejectAll(error: Error): void {
    for (const waiter of this.#waiters) waiter.reject(error);
    this.#waiters.clear();
  }
}
