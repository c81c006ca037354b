const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The little that MQTT.js uses of Node's Buffer: bytes that are also text, in UTF-8 alone. */
class Buffer extends Uint8Array {
  readUInt8(offset = 0): number {
    return this[offset]!;
  }

  readUInt16BE(offset = 0): number {
    return viewOf(this).getUint16(offset);
  }

  readUInt32BE(offset = 0): number {
    return viewOf(this).getUint32(offset);
  }

  writeUInt8(value: number, offset = 0): number {
    this[offset] = value;
    return offset + 1;
  }

  writeUInt16BE(value: number, offset = 0): number {
    viewOf(this).setUint16(offset, value);
    return offset + 2;
  }

  writeUInt32BE(value: number, offset = 0): number {
    viewOf(this).setUint32(offset, value);
    return offset + 4;
  }

  /** A view of the same bytes, as Node's is. */
  override slice(start?: number, end?: number): Buffer {
    return this.subarray(start, end) as Buffer;
  }

  override toString(_encoding?: string, start?: number, end?: number): string {
    return decoder.decode(this.subarray(start, end));
  }
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

const bytesOf = (text: string): Buffer => {
  const { buffer, byteOffset, byteLength } = encoder.encode(text);
  return new Buffer(buffer, byteOffset, byteLength);
};

Object.assign(Buffer, {
  from(value: string | ArrayBuffer | ArrayLike<number>, offset?: number, length?: number): Buffer {
    if (typeof value === 'string') return bytesOf(value);
    return value instanceof ArrayBuffer ? new Buffer(value, offset, length) : new Buffer(value);
  },
  alloc: (size: number) => new Buffer(size),
  allocUnsafe: (size: number) => new Buffer(size),
  byteLength: (value: string | Uint8Array) =>
    typeof value === 'string' ? encoder.encode(value).length : value.byteLength,
  isBuffer: (value: unknown) => value instanceof Uint8Array,
});

export { Buffer };
