import { malformed, ProtocolFault, reasons } from './fault.ts';

/**
 * Finds packets in a stream of chunks. Bytes of a packet that is not complete are kept as they came and joined once, when
 * there are enough of them, so that a sender of single bytes costs no more than one of whole packets.
 */
export class Splitter {
  readonly #maxPacketSize: number;
  #parts: Buffer[] = [];
  #bytes = 0;
  /** Bytes to have before it is worth looking again. */
  #need = 0;
  /** Where the body of the packet that `find` found begins and ends. */
  start = 0;
  end = 0;

  constructor(maxPacketSize: number) {
    this.#maxPacketSize = maxPacketSize;
  }

  get kept(): number {
    return this.#bytes;
  }

  /** Adds a chunk and answers what is to be looked at: undefined while no packet can be complete. */
  add(chunk: Buffer): Buffer | undefined {
    if (this.#bytes === 0) return chunk;
    this.keepLast(chunk);
    return this.#bytes < this.#need ? undefined : this.take();
  }

  /** Keeps a chunk for later, behind what is kept already. */
  keepLast(chunk: Buffer): void {
    this.#parts.push(chunk);
    this.#bytes += chunk.length;
  }

  /** Keeps the rest of what was looked at, in front of what is kept already. */
  keepFirst(rest: Buffer, need: number): void {
    this.#need = need;
    if (rest.length === 0) return;
    this.#parts.unshift(rest);
    this.#bytes += rest.length;
  }

  /** All that is kept, joined. */
  take(): Buffer {
    const bytes = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts, this.#bytes);
    this.clear();
    return bytes;
  }

  clear(): void {
    this.#parts = [];
    this.#bytes = 0;
  }

  /**
   * Whether a whole packet begins at `at`; its body is then `start`..`end`. Otherwise the rest is kept. Throws ProtocolFault
   * for a packet larger than the maximum, before its bytes are there.
   */
  find(bytes: Buffer, at: number): boolean {
    const left = bytes.length - at;
    if (left < 2) {
      this.keepFirst(bytes.subarray(at), 2);
      return false;
    }
    // Fixed header: one byte, then the remaining length in one to four. [MQTT-1.5.5-1]
    let length = bytes[at + 1]!;
    let start = at + 2;
    if (length >= 0x80) {
      length &= 0x7f;
      for (let shift = 7; ; shift += 7) {
        if (shift > 21) throw malformed('The remaining length has more than four bytes.');
        if (start >= bytes.length) {
          this.keepFirst(bytes.subarray(at), left + 1);
          return false;
        }
        const byte = bytes[start++]!;
        length |= (byte & 0x7f) << shift;
        if (byte === 0) throw malformed('The remaining length is not in its shortest form.');
        if (byte < 0x80) break;
      }
    }
    if (start - at + length > this.#maxPacketSize) {
      throw new ProtocolFault(reasons.packetTooLarge, 'The packet is larger than the server takes.');
    }
    this.start = start;
    this.end = start + length;
    if (this.end <= bytes.length) return true;
    this.keepFirst(bytes.subarray(at), this.end - at);
    return false;
  }
}
