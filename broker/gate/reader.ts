import { isUtf8 } from 'node:buffer';
import { malformed } from './fault.ts';

/** Reads the fields of one packet's body; every breach of an encoding rule is a ProtocolFault. */
export class Reader {
  readonly bytes: Buffer;
  readonly end: number;
  at: number;

  constructor(bytes: Buffer, start: number, end: number) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  #take(length: number): number {
    const at = this.at;
    if (length > this.end - at) throw malformed('A field reaches beyond the end of the packet.');
    this.at = at + length;
    return at;
  }

  byte(): number {
    return this.bytes[this.#take(1)]!;
  }

  uint16(): number {
    return this.bytes.readUInt16BE(this.#take(2));
  }

  uint32(): number {
    return this.bytes.readUInt32BE(this.#take(4));
  }

  /** Variable Byte Integer in its shortest form. [MQTT-1.5.5-1] */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (byte === 0 && shift > 0) throw malformed('A variable byte integer is not in its shortest form.');
        return value;
      }
    }
    throw malformed('A variable byte integer has more than four bytes.');
  }

  /** UTF-8 string: well formed, no surrogates, no U+0000. [MQTT-1.5.4-1] [MQTT-1.5.4-2] */
  string(): string {
    const length = this.uint16();
    const at = this.#take(length);
    const { bytes } = this;
    const end = at + length;
    // Nearly all are plain ASCII, which is seen at once; a packet may hold tens of thousands.
    let plain = at;
    while (plain < end && bytes[plain]! > 0 && bytes[plain]! < 0x80) plain++;
    if (plain === end) return bytes.toString('latin1', at, end);
    const text = bytes.subarray(at, end);
    if (!isUtf8(text) || text.includes(0)) throw malformed('A string is not well-formed UTF-8.');
    return text.toString('utf8');
  }

  binary(): Buffer {
    const length = this.uint16();
    const at = this.#take(length);
    return this.bytes.subarray(at, at + length);
  }

  rest(): Buffer {
    const at = this.#take(this.left);
    return this.bytes.subarray(at, this.end);
  }

  /** Packet identifiers are never 0. [MQTT-2.2.1-3] */
  packetId(): number {
    const id = this.uint16();
    if (id === 0) throw malformed('A packet identifier is 0.');
    return id;
  }

  finish(): void {
    if (this.left > 0) throw malformed('The packet has bytes after its last field.');
  }
}
