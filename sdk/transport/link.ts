import { ClientError } from '../errors.ts';
import type { PublishOptions } from '../transport.ts';
import { Arrivals } from './arrivals.ts';
import { type Dial, type MqttClient, sendPacket } from './dial.ts';
import { Pulse } from './pulse.ts';
import { notConnected, reasons, refusalOf, type Said, textsOf } from './reasons.ts';
import { Window } from './window.ts';

export interface LinkOptions {
  readonly dial: Dial;
  readonly url: string;
  readonly clientId: string;
  readonly token: string;
  readonly sessionExpirySeconds: number;
  readonly keepaliveSeconds: number;
  /** A sign of life that takes longer does not come. */
  readonly answerMs: number;
  readonly will?: {
    readonly topic: string;
    readonly payload: string;
    readonly qos?: 0 | 1;
    readonly retain?: boolean;
  };
  readonly onMessage: (topic: string, payload: Uint8Array) => Promise<void> | undefined;
  readonly onError: (error: unknown) => void;
}

/** How a connection, or the try to make one, came to its end. */
export interface Ending {
  /** Of the server's CONNACK or DISCONNECT; undefined where the network ended it. */
  readonly reason?: number;
  readonly reasonString?: string;
}

const connectTimeoutMs = 15_000;
const connectPatienceMs = 3000;
const goodbyeMs = 2000;
/** What a PUBLISH has besides topic and payload: header, lengths, packet id, no properties. */
const publishOverheadBytes = 16;
const receiveMaximum = 256;
const method = 'jwt';

/** One connection, from its CONNECT to its end: a client of MQTT.js that is used once, so that it sends nothing again. */
export class Link {
  /** Resolves when the CONNACK has accepted; never where there is none. */
  readonly opened: Promise<void>;
  readonly ended: Promise<Ending>;
  readonly #client: MqttClient;
  #pulse: Pulse | undefined;
  #window = new Window(1);
  #maxPacketBytes = Number.POSITIVE_INFINITY;
  readonly #begunAt = Date.now();
  #isOpen = false;
  #ending: Ending = {};
  /** Told to all that is under way when the connection ends. */
  readonly #underway = new Set<(error: ClientError) => void>();
  /** PUBACKs that the callback of their publish has not seen yet. */
  readonly #acks = new Map<number, Said>();

  constructor(options: LinkOptions) {
    const client = options.dial(options.url, connectOptions(options));
    this.#client = client;
    const arrivals = new Arrivals(
      (messageId) => {
        if (this.#isOpen) sendPacket(client, { cmd: 'puback', messageId, reasonCode: reasons.success });
      },
      (error) => {
        options.onError(error);
        this.#drop();
      },
    );
    client.handleMessage = (packet, done) => {
      const handle = () => options.onMessage(packet.topic, packet.payload as Uint8Array);
      if (packet.qos === 0 || packet.messageId === undefined) {
        void Promise.resolve(handle()).catch(options.onError);
        done();
        return;
      }
      arrivals.add(packet.messageId, handle);
      // The error keeps MQTT.js from acknowledging by itself; what comes next need not wait.
      done(new Error('Acknowledged later.'));
    };
    client.on('packetsend', () => this.#pulse?.sent());
    client.on('packetreceive', (packet) => {
      this.#pulse?.received();
      if (packet.cmd === 'puback') this.#acks.set(packet.messageId!, packet.properties ?? {});
      else if (packet.cmd === 'connack' && packet.reasonCode !== reasons.success)
        this.#ending = endingOf(packet.reasonCode, packet.properties);
      else if (packet.cmd === 'disconnect') {
        this.#ending = endingOf(packet.reasonCode, packet.properties);
        this.#drop();
      }
    });
    // What it says of the network the end says too; without a listener it would be thrown.
    client.on('error', () => this.#drop());
    this.opened = new Promise((resolve) => {
      client.once('connect', ({ properties }) => {
        this.#window = new Window(properties?.receiveMaximum ?? 65_535);
        this.#maxPacketBytes = properties?.maximumPacketSize ?? Number.POSITIVE_INFINITY;
        this.#pulse = new Pulse({
          // [MQTT-3.2.2-21]
          keepaliveMs: (properties?.serverKeepAlive ?? options.keepaliveSeconds) * 1000,
          answerMs: options.answerMs,
          ping: () => client.sendPing(),
          onSilence: () => this.#drop(),
        });
        this.#isOpen = true;
        resolve();
      });
    });
    this.ended = new Promise((resolve) => {
      client.once('close', () => {
        this.#isOpen = false;
        this.#pulse?.stop();
        for (const reject of [...this.#underway]) reject(notConnected());
        resolve(this.#ending);
      });
    });
  }

  publish(
    topic: string,
    payload: string | Uint8Array,
    { qos = 1, retain = false }: PublishOptions = {},
  ): Promise<Readonly<Record<string, string>>> {
    const bytes = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
    if (bytes.length + 3 * topic.length + publishOverheadBytes > this.#maxPacketBytes)
      return Promise.reject(
        new ClientError('send.too-large', 'The message is larger than the server takes.'),
      );
    return this.#under((resolve, reject) => {
      this.#window.enter(qos === 1, () => {
        if (!this.#isOpen) return;
        this.#client.publish(topic, bytes as Buffer, { qos, retain }, (error, packet) => {
          const id = packet !== undefined && 'messageId' in packet ? packet.messageId : undefined;
          const said = this.#acks.get(id ?? 0);
          this.#acks.delete(id ?? 0);
          const reason = reasonOf(error);
          if (error === undefined || error === null) resolve(textsOf(said));
          else reject(reason === undefined ? notConnected() : refusalOf(reason, said, 'auth.forbidden'));
          if (qos === 1) this.#window.free();
        });
      });
    });
  }

  subscribe(filter: string): Promise<void> {
    return this.#under((resolve, reject) => {
      this.#client.subscribe(filter, { qos: 1 }, (error, _, packet) => {
        if (error === null) resolve();
        else if (packet === undefined) reject(new ClientError('topic.invalid', error.message));
        else reject(refusalOf(Number(packet.granted[0]), packet.properties, 'topic.forbidden'));
      });
    });
  }

  unsubscribe(filter: string): Promise<void> {
    return this.#under((resolve, reject) => {
      this.#client.unsubscribe(filter, (error) => {
        if (error === undefined || error === null) resolve();
        else reject(new ClientError('topic.invalid', error.message));
      });
    });
  }

  /** Goes on under a fresh token of the same user; the server ends the connection where it does not take it. */
  renew(token: string): void {
    if (!this.#isOpen) return;
    const properties = { authenticationMethod: method, authenticationData: token };
    sendPacket(this.#client, { cmd: 'auth', reasonCode: reasons.reauthenticate, properties });
  }

  /** Finds out whether the connection still works; one that has long been on its way is given up. */
  probe(): void {
    if (this.#isOpen) this.#pulse?.probe(true);
    else if (Date.now() - this.#begunAt > connectPatienceMs) this.#drop();
  }

  /** Says goodbye: the session is kept, the will is not said. */
  async close(): Promise<void> {
    const late = setTimeout(() => this.#drop(), goodbyeMs);
    if (this.#isOpen) {
      this.#isOpen = false;
      sendPacket(this.#client, { cmd: 'disconnect', reasonCode: reasons.success });
      // MQTT.js writes what it was given at the end of this turn.
      setTimeout(() => this.#client.stream.end(), 0);
    } else this.#drop();
    await this.ended;
    clearTimeout(late);
  }

  #drop(): void {
    this.#client.end(true);
  }

  #under<T>(begin: (resolve: (value: T) => void, reject: (error: ClientError) => void) => void): Promise<T> {
    if (!this.#isOpen) return Promise.reject(notConnected());
    return new Promise<T>((resolve, reject) => {
      this.#underway.add(reject);
      const settled = () => this.#underway.delete(reject);
      begin(
        (value) => {
          settled();
          resolve(value);
        },
        (error) => {
          settled();
          reject(error);
        },
      );
    });
  }
}

function connectOptions(options: LinkOptions): Parameters<Dial>[1] {
  const { will } = options;
  return {
    protocolVersion: 5,
    clientId: options.clientId,
    clean: false,
    keepalive: options.keepaliveSeconds,
    connectTimeout: connectTimeoutMs,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    // Pulse keeps it alive.
    timerVariant: { set: () => 0, clear: () => {} },
    properties: {
      sessionExpiryInterval: options.sessionExpirySeconds,
      receiveMaximum,
      authenticationMethod: method,
      // mqtt-packet takes a text as its UTF-8 bytes, and there is no Buffer in a browser.
      authenticationData: options.token as unknown as Buffer,
    },
    ...(will !== undefined && {
      will: {
        topic: will.topic,
        payload: will.payload as unknown as Buffer,
        qos: will.qos ?? 0,
        retain: will.retain ?? false,
      },
    }),
  };
}

const endingOf = (reason = 0, said: Said | undefined): Ending => ({
  reason,
  ...(said?.reasonString !== undefined && { reasonString: said.reasonString }),
});

const reasonOf = (error: unknown): number | undefined => {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'number' ? code : undefined;
};
