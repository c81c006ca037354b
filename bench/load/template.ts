import { field, frame, type ProtocolVersion } from './frames.ts';

const numberDigits = 12;
const stampDigits = 14;
const stampMark = 't=';
const payloadEnd = '"}}';
const zero = 0x30;

/** What a message of a client looks like. */
export interface MessageShape {
  readonly version: ProtocolVersion;
  readonly clientId: string;
  readonly topic: string;
  /** Length of the text in the body, the time stamp included. */
  readonly textBytes: number;
}

/**
 * One client's QoS 1 PUBLISH, built once: only the packet id, the number in the message's id and the time stamp change,
 * all of fixed width. The text ends the payload, so that a receiver finds the stamp by its distance from the frame's end.
 */
export class PublishTemplate {
  readonly #bytes: Buffer;
  readonly #packetIdAt: number;
  readonly #numberAt: number;
  readonly #stampAt: number;

  /** `firstNumber` makes the ids of one run differ from those of another on the same server. */
  constructor(shape: MessageShape, firstNumber: number) {
    const text = stampMark + '0'.repeat(stampDigits);
    const padding = 'x'.repeat(Math.max(0, shape.textBytes - text.length));
    const number = String(firstNumber).padStart(numberDigits, '0').slice(-numberDigits);
    const payload = `{"id":"${shape.clientId}-${number}","type":"text","body":{"text":"${text}${padding}${payloadEnd}`;
    const topic = field(shape.topic);
    const properties = shape.version === 5 ? [Buffer.from([0])] : [];
    this.#bytes = frame(0x32, [topic, Buffer.alloc(2), ...properties, Buffer.from(payload)]);
    const payloadAt = this.#bytes.length - payload.length;
    this.#packetIdAt = payloadAt - properties.length - 2;
    this.#numberAt = payloadAt + payload.indexOf(number);
    this.#stampAt = this.#bytes.length - stampFromEnd(shape.textBytes);
  }

  get length(): number {
    return this.#bytes.length;
  }

  /** Sets the time stamp of the messages written from here on. */
  stamp(micros: number): void {
    const bytes = this.#bytes;
    let rest = micros;
    for (let at = this.#stampAt + stampDigits - 1; at >= this.#stampAt; at--) {
      const next = Math.floor(rest / 10);
      bytes[at] = zero + (rest - next * 10);
      rest = next;
    }
  }

  /** Writes the next message at `at`; the target must have room for `length` bytes. */
  write(target: Buffer, at: number, packetId: number): void {
    const bytes = this.#bytes;
    bytes[this.#packetIdAt] = packetId >> 8;
    bytes[this.#packetIdAt + 1] = packetId & 0xff;
    let digit = this.#numberAt + numberDigits - 1;
    while (bytes[digit] === zero + 9) bytes[digit--] = zero;
    bytes[digit]! += 1;
    target.set(bytes, at);
  }
}

/** How far before the end of the payload the time stamp's digits begin. */
export const stampFromEnd = (textBytes: number): number =>
  payloadEnd.length + Math.max(textBytes - stampMark.length, stampDigits);

/** The time stamp (µs) whose digits begin at `at`, or NaN where there is none. */
export function readStamp(bytes: Buffer, at: number): number {
  if (at < 2 || bytes[at - 2] !== 0x74 || bytes[at - 1] !== 0x3d) return Number.NaN;
  let micros = 0;
  for (let end = at + stampDigits; at < end; at++) micros = micros * 10 + (bytes[at]! - zero);
  return micros;
}
