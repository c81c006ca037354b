import { eventBytes, type StoredEvent } from '../../schemas/event.ts';
import { putVarint, varintLength } from '../gate/writer.ts';
import { packetIdOf } from './inflight.ts';

/** A topic with its length in front, as it stands in a PUBLISH. */
export type TopicBytes = Buffer;

export function topicBytes(topic: string): TopicBytes {
  const length = Buffer.byteLength(topic);
  const bytes = Buffer.allocUnsafe(length + 2);
  bytes.writeUInt16BE(length, 0);
  bytes.write(topic, 2);
  return bytes;
}

/** How a session wants a server topic: the granted QoS, and its subscription identifier. */
export interface DeliveryOptions {
  readonly qos: 0 | 1;
  readonly identifier?: number;
}

const noBytes = Buffer.alloc(0);

/** An event on its way to sessions: its frames are built once for each topic and protocol version. */
export class HubEvent {
  readonly conv: string;
  readonly seq: number;
  readonly ts: number;
  readonly from: string;
  readonly bytes: number;
  /** The event's JSON as it goes over the wire. */
  #json: Buffer;
  /** Of what was read: for whom it is the last event of the group. */
  endsFor: readonly string[] | undefined;
  /** Whether sessions that are behind will ask for it again. */
  kept = false;
  #ordinal = 0;
  #topic: TopicBytes | undefined;
  #frame4: Buffer | undefined;
  #frame5: Buffer | undefined;

  constructor(event: StoredEvent) {
    this.conv = event.conv;
    this.seq = event.seq;
    this.ts = event.ts;
    this.from = event.from;
    this.#json = eventBytes(event);
    this.bytes = this.#json.length;
  }

  /** The QoS 1 frame under this ordinal; the same Buffer for all who ask for the same topic, version and ordinal. */
  frame(version: number, topic: TopicBytes, ordinal: number): Buffer {
    if (this.#topic !== topic || this.#ordinal !== ordinal) {
      this.#topic = topic;
      this.#ordinal = ordinal;
      this.#frame4 = undefined;
      this.#frame5 = undefined;
    }
    if (version === 5) {
      this.#frame5 ??= this.#build(5, topic, ordinal, 1, undefined);
      return this.#frame5;
    }
    this.#frame4 ??= this.#build(4, topic, ordinal, 1, undefined);
    return this.#frame4;
  }

  /** After its fan-out the frames are not needed, and the bytes only by those who catch up. */
  release(): void {
    if (!this.kept) this.#json = noBytes;
    this.#topic = undefined;
    this.#frame4 = undefined;
    this.#frame5 = undefined;
  }

  /** A frame for a session with wishes of its own. */
  frameWith(version: number, topic: TopicBytes, ordinal: number, options: DeliveryOptions): Buffer {
    return this.#build(version, topic, ordinal, options.qos, options.identifier);
  }

  #build(
    version: number,
    topic: TopicBytes,
    ordinal: number,
    qos: number,
    identifier: number | undefined,
  ): Buffer {
    const json = this.#json;
    const identifierLength = identifier === undefined ? 0 : 1 + varintLength(identifier);
    const length =
      topic.length + (qos > 0 ? 2 : 0) + (version === 5 ? 1 + identifierLength : 0) + json.length;
    const frame = Buffer.allocUnsafe(1 + varintLength(length) + length);
    frame[0] = 0x30 | (qos << 1);
    let at = putVarint(frame, 1, length);
    frame.set(topic, at);
    at += topic.length;
    if (qos > 0) {
      const id = packetIdOf(ordinal);
      frame[at++] = id >> 8;
      frame[at++] = id & 0xff;
    }
    if (version === 5) {
      frame[at++] = identifierLength;
      if (identifier !== undefined) {
        frame[at++] = 0x0b;
        at = putVarint(frame, at, identifier);
      }
    }
    frame.set(json, at);
    return frame;
  }
}
