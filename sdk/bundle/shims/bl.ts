import { Buffer } from 'node:buffer';

/** The little that MQTT.js uses of a list of buffers: what has come of packets and was not read yet. */
class BufferList {
  #bytes = Buffer.alloc(0);

  get length(): number {
    return this.#bytes.length;
  }

  append(bytes: Uint8Array): this {
    const whole = Buffer.alloc(this.length + bytes.length);
    whole.set(this.#bytes);
    whole.set(bytes, this.length);
    this.#bytes = whole;
    return this;
  }

  consume(count: number): this {
    this.#bytes = this.#bytes.subarray(count);
    return this;
  }

  slice(start: number, end: number): Buffer {
    return this.#bytes.subarray(start, end);
  }

  toString(encoding: BufferEncoding, start: number, end: number): string {
    return this.#bytes.toString(encoding, start, end);
  }

  readUInt8(offset: number): number {
    return this.#bytes.readUInt8(offset);
  }

  readUInt16BE(offset: number): number {
    return this.#bytes.readUInt16BE(offset);
  }

  readUInt32BE(offset: number): number {
    return this.#bytes.readUInt32BE(offset);
  }
}

const create = (): BufferList => new BufferList();

export { create as 'module.exports' };
