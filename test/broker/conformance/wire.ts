import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTo, type Socket } from 'node:net';
import type { IPublishPacket } from 'mqtt-packet';
import { PacketClient, type PacketOf, type Version } from '../../support/packet-client.ts';
import { Petrel } from '../../support/petrel.ts';
import * as raw from '../../support/raw.ts';

/** A server for packet tests: no tokens, all custom topics. `env` over that. */
export const openServer = (env: Readonly<Record<string, string>> = {}): Petrel =>
  new Petrel({
    PETREL_AUTH_ANONYMOUS: 'true',
    PETREL_TOPICS_CUSTOM: JSON.stringify([{ match: '#', allow: ['publish', 'subscribe'] }]),
    ...env,
  });

let names = 0;

/** A name nobody else in this process uses: for client ids and topics. */
export const fresh = (prefix: string): string => {
  names++;
  return `${prefix}${names}`;
};

/** A client of raw bytes: writes what it is told, reads packets as another implementation decodes them. */
export class Wire extends PacketClient {
  /** Everything the server has sent, as it came. */
  received: Buffer = Buffer.alloc(0);
  /** How the server greeted; there is none before `connected`. */
  connack: PacketOf<'connack'> = { cmd: 'connack', sessionPresent: false };

  constructor(socket: Socket, version: Version = 5) {
    super(socket, version);
    this.acknowledges = false;
    socket.on('data', (bytes: Buffer) => {
      this.received = Buffer.concat([this.received, bytes]);
    });
  }

  /** A TCP connection on which nothing was sent yet. */
  static override async open(port: number, version: Version = 5): Promise<Wire> {
    const socket = connectTo({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new Wire(socket, version);
  }

  /** The code of a SUBACK with one filter. */
  async subscribed(filter: raw.Bytes, options = 0, ...properties: readonly Uint8Array[]): Promise<number> {
    const id = this.nextId();
    this.write(raw.subscribe(id, [[filter, options]], ...properties));
    const { granted } = await this.next('suback', ({ messageId }) => messageId === id);
    return granted[0] as number;
  }

  /** The next PUBLISH. */
  delivered(): Promise<IPublishPacket> {
    return this.next('publish');
  }

  /** Everything that came until the server has answered a PINGREQ, PUBLISH packets only. */
  async deliveries(): Promise<IPublishPacket[]> {
    await this.ping();
    const publishes = this.inbox.filter((packet) => packet.cmd === 'publish');
    this.inbox.splice(0);
    return publishes;
  }

  /** Asserts that the server ends the connection with DISCONNECT and this reason; 0 asserts an end without one. */
  async endsWith(reason: number): Promise<void> {
    const last = await this.ending();
    assert.equal((last?.reasonCode ?? 0).toString(16), reason.toString(16));
  }

  /** Asserts that the connection is as good as before. */
  async isServed(): Promise<void> {
    await this.ping();
    assert.ok(this.isOpen);
  }
}

export interface Hello extends raw.RawConnect {
  readonly version?: Version;
}

/** Connects and asserts that the server took it. */
export async function connected(petrel: Petrel, options: Hello = {}): Promise<Wire> {
  const { wire, reason } = await greeted(petrel, options);
  assert.equal(reason, 0, `CONNACK ${reason}`);
  return wire;
}

/** Connects and answers with the reason of the CONNACK, or its return code. */
export async function greeted(
  petrel: Petrel,
  { version = 5, ...options }: Hello = {},
): Promise<{ wire: Wire; reason: number }> {
  const wire = await Wire.open(petrel.port('mqtt'), version);
  const name = version === 3 ? 'MQIsdp' : 'MQTT';
  wire.write(raw.connect({ name, level: version, clientId: fresh('c'), ...options }));
  wire.connack = await wire.next('connack');
  return { wire, reason: wire.connack.reasonCode ?? wire.connack.returnCode ?? 0 };
}

/** One row of a table of faults. */
export type Fault = readonly [name: string, bytes: Uint8Array, reason: number];
