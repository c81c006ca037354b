/** Writes fields into a Buffer of known size. Texts are ASCII unless said otherwise. */
export class ByteWriter {
  readonly bytes: Buffer;
  at = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
  }

  byte(value: number): void {
    this.bytes[this.at++] = value;
  }

  uint32(value: number): void {
    this.bytes.writeUInt32BE(value, this.at);
    this.at += 4;
  }

  number(value: number): void {
    this.bytes.writeDoubleBE(value, this.at);
    this.at += 8;
  }

  /** At most 255 characters. */
  name(text: string): void {
    this.bytes[this.at++] = text.length;
    this.at += this.bytes.write(text, this.at, 'latin1');
  }

  block(block: Uint8Array): void {
    this.uint32(block.length);
    this.bytes.set(block, this.at);
    this.at += block.length;
  }
}

export const nameSize = (text: string): number => 1 + text.length;
export const blockSize = (block: Uint8Array): number => 4 + block.length;

/** What came from another node and cannot be read. */
export class UnreadableBatch extends Error {
  constructor() {
    super('A batch from another node cannot be read.');
    this.name = 'UnreadableBatch';
  }
}

/** Reads them again; blocks share the Buffer's bytes. Throws UnreadableBatch. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  #take(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw new UnreadableBatch();
    this.#at = at + length;
    return at;
  }

  byte(): number {
    return this.#bytes[this.#take(1)]!;
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  number(): number {
    return this.#bytes.readDoubleBE(this.#take(8));
  }

  name(): string {
    const length = this.byte();
    const at = this.#take(length);
    return this.#bytes.toString('latin1', at, at + length);
  }

  block(): Buffer {
    const length = this.uint32();
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }
}
