import type { Route } from '../policy/routes.ts';
import { type PetrelError, toPetrelError } from '../schemas/errors.ts';
import type { Identity } from '../schemas/identity.ts';
import type { Accepted } from './connect/accepted.ts';
import { refusal } from './connect/refusal.ts';
import { accept } from './connect.ts';
import type { BrokerContext } from './context.ts';
import type { Flushable, Flusher } from './flusher.ts';
import { readConnect, readVersion } from './gate/connect.ts';
import { ProtocolFault, reasons } from './gate/fault.ts';
import { readPublish, type TopicAliases } from './gate/publish.ts';
import { Reader } from './gate/reader.ts';
import { Splitter } from './gate/splitter.ts';
import type { Transport, TransportListener } from './gate/transport.ts';
import { versionName } from './gate/version.ts';
import { disconnect, packetTypes } from './gate/writer.ts';
import type { Link } from './hub/link.ts';
import { Answers } from './inbound/answers.ts';
import { endSession } from './inbound/end.ts';
import { onPacket } from './inbound/packets.ts';
import { onPublish } from './inbound/publish.ts';
import { fastRoute, submit } from './inbound/send.ts';

type State = 'new' | 'connecting' | 'open' | 'closed';

/** A client that leaves so much unread is read no further, and after so long it is ended. */
const maxUnreadBytes = 1024 * 1024;
const maxUnreadMs = 60_000;
const nothing = Buffer.alloc(0);

/**
 * One client's connection: splits its bytes into packets, checks and dispatches them in order, and writes what is sent to
 * it. The two packets of a busy chat, PUBLISH to `send/…` and PUBACK, are read straight from the bytes.
 */
export class Connection implements Link, Flushable, TransportListener {
  readonly id: string;
  readonly transport: Transport;
  readonly context: BrokerContext;
  version: 3 | 4 | 5 = 4;
  maxPacketSize = Number.POSITIVE_INFINITY;
  /** Whether the client wants reason strings and user properties. [MQTT-3.1.2-29] */
  problemInformation = true;
  accepted: Accepted | undefined;
  /** ms; the sweep ends the connection when its token has expired. */
  expiresAt = Number.POSITIVE_INFINITY;
  /** ms without a packet after which the connection ends; 0 for never. */
  keepAliveMs = 0;
  /** Requests that are not answered yet. */
  requests = 0;
  /** QoS 0 messages to custom topics that are not settled yet. */
  unsettled = 0;
  /** Routes to the conversations it writes to, by topic. */
  readonly routes = new Map<string, Route>();
  /** The topic of the last PUBLISH to `send/…`, and its route. */
  lastTopic: Buffer | undefined;
  lastRoute: Route | undefined;
  #state: State = 'new';
  #aliases: TopicAliases | undefined;
  #lastPacketAt: number;
  readonly #openedAt: number;
  readonly #splitter: Splitter;
  /** Set while what follows has to wait for work in hand. */
  #blocked = false;
  #stopped = false;
  #frames: Buffer[] = [];
  #frameBytes = 0;
  #answers: Answers | undefined;
  /** Set while the client is read no further because it does not read itself, and since when (ms). */
  #onRead: (() => void) | undefined;
  #unreadSince = 0;

  constructor(id: string, transport: Transport, context: BrokerContext) {
    this.id = id;
    this.transport = transport;
    this.context = context;
    this.#openedAt = context.now();
    this.#lastPacketAt = this.#openedAt;
    this.#splitter = new Splitter(context.config.mqtt.maxPacketSize);
  }

  get address(): string {
    return this.transport.address;
  }

  /** When it came, ms. */
  get openedAt(): number {
    return this.#openedAt;
  }

  get sid(): string | undefined {
    return this.accepted?.identity.sid;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  // ── Bytes in ──

  onData(chunk: Buffer): void {
    if (this.#state === 'closed') return;
    if (this.#blocked) {
      this.#splitter.keepLast(chunk);
      return;
    }
    const bytes = this.#splitter.add(chunk);
    if (bytes !== undefined) this.#consume(bytes);
  }

  #consume(bytes: Buffer): void {
    this.#lastPacketAt = this.context.now();
    const splitter = this.#splitter;
    let at = 0;
    try {
      while (at < bytes.length && splitter.find(bytes, at)) {
        const { start, end } = splitter;
        const work = this.#onFrame(bytes, bytes[at]!, start, end);
        if (this.isClosed) return;
        at = end;
        if (work !== undefined) {
          this.#block(work, bytes.subarray(at));
          return;
        }
      }
    } catch (error) {
      this.#fault(error);
      return;
    }
    if (this.backlog > maxUnreadBytes) this.#block(this.#whenRead(), nothing);
  }

  /** Resolves when the client has taken what was sent to it. */
  #whenRead(): Promise<void> {
    this.#unreadSince = this.context.now();
    return new Promise((resolve) => {
      this.#onRead = resolve;
    });
  }

  /** Nothing more is read until the work is done: what follows may depend on it. */
  #block(work: Promise<void>, rest: Buffer): void {
    this.#blocked = true;
    this.#splitter.keepFirst(rest, 0);
    this.transport.pause();
    work.then(
      () => this.#unblock(),
      (error: unknown) => this.#fault(error),
    );
  }

  #unblock(): void {
    if (this.isClosed || this.#stopped) return;
    this.#blocked = false;
    this.transport.resume();
    if (this.#splitter.kept > 0) this.#consume(this.#splitter.take());
  }

  /** The server stops: what comes from now on is not taken. */
  stopReading(): void {
    this.#stopped = true;
    this.#blocked = true;
    this.transport.pause();
  }

  #fault(error: unknown): void {
    if (this.isClosed) return;
    const fault =
      error instanceof ProtocolFault
        ? error
        : new ProtocolFault(toPetrelError(error).entry.reason, toPetrelError(error).message);
    if (!(error instanceof ProtocolFault))
      this.context.log.error({ err: error, conn: this.id }, 'A packet failed.');
    if (this.#state === 'open') this.end(fault.reason, fault.message);
    else this.refuse(fault.reason, fault.message);
  }

  // ── Packets ──

  #onFrame(bytes: Buffer, first: number, start: number, end: number): Promise<void> | undefined {
    const type = first >> 4;
    if (this.#state !== 'open') return this.#onFirstFrame(type, first, new Reader(bytes, start, end));
    if (type === packetTypes.publish) {
      return this.#onFastPublish(bytes, first, start, end) ?? undefined;
    }
    // PUBACK of a hub delivery in its short form
    if (type === packetTypes.puback && end - start === 2 && bytes[start]! >= 0x80) {
      const { session, custom } = this.accepted!;
      session.acknowledge((bytes[start]! << 8) | bytes[start + 1]!);
      this.context.custom.roomy(custom);
      return undefined;
    }
    return onPacket(this, type, first & 0x0f, new Reader(bytes, start, end));
  }

  #onFastPublish(bytes: Buffer, first: number, start: number, end: number): Promise<void> | undefined {
    // A PUBLISH to `send/…` at QoS 0 or 1, without DUP, RETAIN and properties; all others take the long way.
    if (first === 0x32 || first === 0x30) {
      const route = fastRoute(this, bytes, start, end);
      if (route !== undefined) {
        let at = start + 2 + this.lastTopic!.length;
        let id = 0;
        if (first === 0x32) {
          id = (bytes[at]! << 8) | bytes[at + 1]!;
          at += 2;
        }
        if (id > 0 || first === 0x30) {
          if (this.version !== 5) return submit(this, route, bytes.subarray(at, end), id, id > 0 ? 1 : 0);
          if (bytes[at] === 0) return submit(this, route, bytes.subarray(at + 1, end), id, id > 0 ? 1 : 0);
        }
      }
    }
    this.#aliases ??= { maximum: this.context.config.mqtt.topicAliasMaximum, topics: new Map() };
    const packet = readPublish(new Reader(bytes, start, end), first & 0x0f, this.version, this.#aliases);
    return onPublish(this, packet);
  }

  #onFirstFrame(type: number, first: number, reader: Reader): Promise<void> {
    // [MQTT-3.1.0-1]
    if (type !== packetTypes.connect) {
      this.destroy();
      return Promise.resolve();
    }
    const spoken = readVersion(reader);
    this.version = spoken.version;
    this.#state = 'connecting';
    const packet = readConnect(reader, spoken, first & 0x0f);
    this.maxPacketSize = packet.properties.maximumPacketSize ?? Number.POSITIVE_INFINITY;
    return accept(this, packet);
  }

  // ── Answers ──

  /** The client's messages that wait for their acknowledgement. */
  get answers(): Answers {
    this.#answers ??= new Answers(this.context.config.mqtt.receiveMaximum, (frame) => this.send(frame));
    return this.#answers;
  }

  /** Takes one send of the user's rate: 0, or how many ms to wait. */
  takeSend(): number {
    return this.context.sendRates.take(this.accepted!.identity.uid);
  }

  /** The connection's token was renewed. */
  renew(identity: Identity): void {
    const accepted = this.accepted!;
    this.expiresAt = identity.expiresAt;
    accepted.identity = identity;
    this.context.custom.renew(accepted.custom, identity);
  }

  notifyError(error: PetrelError, id?: string): void {
    const { accepted } = this;
    if (accepted === undefined || this.isClosed) return;
    this.context.hub.notifySession(accepted.session, {
      type: 'error',
      ...(id === undefined ? {} : { id }),
      ...error.toBody(),
    });
  }

  // ── Bytes out ──

  get backlog(): number {
    return this.#frameBytes + this.transport.backlog;
  }

  send(frame: Buffer): void {
    if (this.#state === 'closed') return;
    if (this.#frames.length === 0) this.context.flusher.add(this);
    this.#frames.push(frame);
    this.#frameBytes += frame.length;
  }

  flush(flusher: Flusher): void {
    const frames = this.#frames;
    if (frames.length === 0) return;
    const bytes = this.#frameBytes;
    this.#frames = [];
    this.#frameBytes = 0;
    if (frames.length === 1) this.transport.write(frames[0]!);
    else if (bytes <= 262_144) this.transport.write(flusher.join(frames, bytes));
    else this.transport.writeAll(frames);
  }

  onDrain(): void {
    this.#onRead?.();
    this.#onRead = undefined;
    const { accepted } = this;
    if (accepted === undefined || this.isClosed) return;
    accepted.session.pump();
    this.context.custom.roomy(accepted.custom);
  }

  // ── Life ──

  /** The CONNACK is on its way: packets are served from now on. */
  opened(accepted: Accepted): void {
    this.accepted = accepted;
    this.#state = 'open';
    this.context.registry.settled(this.address);
    this.context.metrics.connections.add(1, this.transport.kind, versionName(this.version));
  }

  /** Ends a connection that has no CONNACK yet. */
  refuse(reason: number, message: string): void {
    if (this.#state === 'closed') return;
    // Who has not begun a CONNECT speaks something else, and gets no packet.
    if (this.#state === 'new') this.context.log.debug({ conn: this.id, message }, 'Not MQTT.');
    else {
      const answer = refusal(this.version, reason, message, this.maxPacketSize);
      if (answer !== undefined) this.send(answer);
    }
    this.flush(this.context.flusher);
    this.#closeDown(false);
    this.transport.end();
  }

  /** Ends the connection; MQTT 5 clients are told why. The session lives on as long as it may. */
  end(reason: number, message: string): void {
    if (this.#state === 'closed') return;
    if (this.#state === 'open' && this.version === 5) {
      const explained = disconnect(reason, { reasonString: message });
      // [MQTT-3.14.2-3]
      const fits = this.problemInformation && explained.length <= this.maxPacketSize;
      this.send(fits ? explained : disconnect(reason));
    }
    this.context.log.debug({ conn: this.id, reason, message }, 'Connection ended by the server.');
    this.flush(this.context.flusher);
    this.#closeDown(true);
    this.transport.end();
  }

  expire(): void {
    if (this.accepted !== undefined) this.accepted.expirySeconds = 0;
  }

  /** The client said goodbye. */
  leave(withWill: boolean): void {
    this.#closeDown(withWill);
    this.transport.end();
  }

  /** Somebody else has the transport from now on: answers what came already. Here it is as if it had ended. */
  giveAway(): Buffer {
    const rest = this.#splitter.take();
    this.#closeDown(false);
    return rest;
  }

  /** Ends without a word. */
  destroy(): void {
    this.#closeDown(true);
    this.transport.destroy();
  }

  onClose(): void {
    this.#closeDown(true);
  }

  #closeDown(withWill: boolean): void {
    const state = this.#state;
    if (state === 'closed') return;
    this.#state = 'closed';
    const { registry, metrics, log } = this.context;
    registry.remove(this);
    if (state !== 'open') registry.settled(this.address);
    else metrics.connections.add(-1, this.transport.kind, versionName(this.version));
    this.#splitter.clear();
    this.#frames = [];
    const received = this.#answers?.received() ?? [];
    this.#answers?.clear();
    this.routes.clear();
    if (this.accepted !== undefined) {
      endSession(this, this.accepted, withWill, received);
      log.debug({ conn: this.id }, 'Connection closed.');
    }
  }

  /** Called once a second. */
  sweep(now: number): void {
    const { mqtt } = this.context.config;
    if (this.#state !== 'open') {
      if (now - this.#openedAt > mqtt.connectTimeout * 1000) this.destroy();
      return;
    }
    if (now >= this.expiresAt) this.end(reasons.notAuthorized, 'The access token has expired.');
    else if (this.#onRead !== undefined && now - this.#unreadSince > maxUnreadMs)
      this.end(reasons.quotaExceeded, 'The client does not read.');
    else if (this.keepAliveMs > 0 && !this.#blocked && now - this.#lastPacketAt > this.keepAliveMs) {
      // [MQTT-3.1.2-22]
      this.end(reasons.keepAliveTimeout, 'No packet within one and a half keep alive times.');
    }
  }
}
