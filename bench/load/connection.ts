import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connectFrame, disconnectFrame, type ProtocolVersion, subscribeFrame } from './frames.ts';
import type { LoadClient } from './job.ts';
import { type PacketSink, readPackets } from './reader.ts';
import { type PublishTemplate, readStamp } from './template.ts';
import type { Traffic } from './traffic.ts';

export interface ConnectionOptions {
  readonly port: number;
  readonly version: ProtocolVersion;
  readonly client: LoadClient;
  /** Loopback address to connect from: one address has too few ports for many runs of thousands of clients. */
  readonly localAddress: string;
  readonly cleanStart: boolean;
  readonly sessionExpirySeconds: number;
  readonly traffic: Traffic;
}

const maxInFlight = 1024;
const outBytes = 16 * 1024;
const noBytes = Buffer.alloc(0);
// Data is handled before the next socket is read, so that one buffer serves all sockets.
const sharedInput = Buffer.alloc(256 * 1024);

/** One client: answers deliveries by itself, and sends when told to. All that one turn produces is one write. */
export class Connection implements PacketSink {
  readonly #options: ConnectionOptions;
  readonly #traffic: Traffic;
  readonly #socket: Socket;
  readonly #ready: Promise<void>;
  #settle: (fault?: Error) => void = () => {};
  #closing = false;
  #carry: Buffer = noBytes;
  #out: Buffer = noBytes;
  #outLength = 0;
  #template: PublishTemplate | undefined;
  #sentAt: Float64Array | undefined;
  #nextPacketId = 1;
  #window = 0;
  inFlight = 0;
  received = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#traffic = options.traffic;
    this.#ready = new Promise((resolve, reject) => {
      this.#settle = (fault) => (fault === undefined ? resolve() : reject(fault));
    });
    this.#socket = connect({
      port: options.port,
      host: '127.0.0.1',
      localAddress: options.localAddress,
      noDelay: true,
      onread: { buffer: sharedInput, callback: (length, bytes) => this.#onData(length, bytes as Buffer) },
    });
    this.#socket.on('error', (fault) => this.#settle(fault));
    this.#socket.on('close', () => this.#onClose());
    const { version, client, cleanStart, sessionExpirySeconds } = options;
    const { id: clientId, password } = client;
    this.#socket.write(connectFrame({ version, clientId, password, cleanStart, sessionExpirySeconds }));
  }

  /** Resolves when the server has accepted the client and its subscriptions. */
  ready(): Promise<void> {
    return this.#ready;
  }

  /** Makes this client a sender of these messages, which keeps `window` of them in flight (0: only `send`). */
  startSending(template: PublishTemplate, window: number): void {
    this.#template = template;
    this.#sentAt = new Float64Array(maxInFlight);
    this.#window = window;
    this.#traffic.tick();
    this.#fill();
    this.#flush();
  }

  stopSending(): void {
    this.#window = 0;
  }

  /** Sends one message now; false when this client has all it may have in flight. */
  send(): boolean {
    if (this.inFlight >= maxInFlight / 2) return false;
    this.#template!.stamp(this.#traffic.now);
    this.#publish();
    this.#flush();
    return true;
  }

  /** DISCONNECT, then the end of the connection. */
  async end(): Promise<void> {
    if (this.#socket.destroyed) return;
    this.#closing = true;
    const closed = once(this.#socket, 'close');
    this.#socket.end(disconnectFrame);
    // Data after the DISCONNECT is of no use, but unread data would keep the socket open.
    this.#socket.resume();
    await closed;
  }

  destroy(): void {
    this.#closing = true;
    this.#socket.destroy();
  }

  connack(reason: number): void {
    const { client, version } = this.#options;
    if (reason !== 0) this.#settle(new Error(`${client.id}: CONNACK ${reason}`));
    else if (client.subscribe === undefined) this.#settle();
    else this.#socket.write(subscribeFrame(version, client.subscribe));
  }

  suback(reason: number): void {
    this.#settle(
      reason < 0x80 ? undefined : new Error(`${this.#options.client.id}: SUBACK ${reason.toString(16)}`),
    );
  }

  puback(packetId: number, reason: number): void {
    const traffic = this.#traffic;
    const sentAt = this.#sentAt!;
    const slot = packetId & (maxInFlight - 1);
    if (reason < 0x80) {
      traffic.acks += 1;
      traffic.ackLatency.record(traffic.now - sentAt[slot]!);
    } else {
      traffic.refused += 1;
      traffic.lastReason = reason;
    }
    sentAt[slot] = 0;
    this.inFlight -= 1;
  }

  publish(packetId: number, bytes: Buffer, end: number): void {
    const traffic = this.#traffic;
    if (packetId !== 0) {
      const at = this.#reserve(4);
      const out = this.#out;
      out[at] = 0x40;
      out[at + 1] = 2;
      out[at + 2] = packetId >> 8;
      out[at + 3] = packetId & 0xff;
    }
    const sentAt = readStamp(bytes, end - traffic.stampFromEnd);
    if (Number.isNaN(sentAt)) return; // Not one of the run's messages: a notice, or a group's own event.
    traffic.deliveries += 1;
    this.received += 1;
    traffic.deliveryLatency.record(traffic.now - sentAt);
  }

  disconnect(reason: number): void {
    this.#traffic.lastReason = reason;
    this.#settle(new Error(`${this.#options.client.id}: DISCONNECT ${reason.toString(16)}`));
  }

  #onData(length: number, chunk: Buffer): boolean {
    this.#traffic.tick();
    let bytes = chunk;
    let end = length;
    if (this.#carry.length > 0) {
      bytes = Buffer.concat([this.#carry, chunk.subarray(0, length)]);
      end = bytes.length;
      this.#carry = noBytes;
    }
    const used = readPackets(bytes, end, this);
    if (used < end) this.#carry = Buffer.from(bytes.subarray(used, end));
    if (this.#window > 0) this.#fill();
    if (this.#outLength > 0) this.#flush();
    return true;
  }

  #onClose(): void {
    if (!this.#closing) this.#traffic.dropped += 1;
    this.#settle(new Error(`${this.#options.client.id}: connection closed`));
  }

  #fill(): void {
    if (this.inFlight >= this.#window) return;
    this.#template!.stamp(this.#traffic.now);
    while (this.inFlight < this.#window) this.#publish();
  }

  #publish(): void {
    const template = this.#template!;
    const sentAt = this.#sentAt!;
    let packetId = this.#nextPacketId;
    while (sentAt[packetId & (maxInFlight - 1)] !== 0) packetId = followingId(packetId);
    this.#nextPacketId = followingId(packetId);
    sentAt[packetId & (maxInFlight - 1)] = this.#traffic.now;
    const at = this.#reserve(template.length);
    template.write(this.#out, at, packetId);
    this.inFlight += 1;
    this.#traffic.sends += 1;
  }

  #reserve(bytes: number): number {
    const at = this.#outLength;
    if (at + bytes > this.#out.length) this.#grow(at + bytes);
    this.#outLength = at + bytes;
    return at;
  }

  #grow(bytes: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(bytes, 2 * this.#out.length, outBytes));
    larger.set(this.#out.subarray(0, this.#outLength));
    this.#out = larger;
  }

  #flush(): void {
    if (this.#closing || this.#socket.destroyed) return;
    this.#socket.write(this.#out.subarray(0, this.#outLength));
    // What the kernel took at once is copied already; else the buffer belongs to the socket until it is written.
    if (this.#socket.writableLength > 0) this.#out = noBytes;
    this.#outLength = 0;
  }
}

const followingId = (packetId: number): number => (packetId === 0xffff ? 1 : packetId + 1);
