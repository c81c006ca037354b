import type { StoredEvent } from '../../../../schemas/event.ts';
import type { Destination } from './channels.ts';
import { eventSize, putAscii, putEvent } from './frames.ts';

/**
 * PUBLISH commands one behind the other, as the script reads them: length of the channel (2), channel, length of the
 * payload (4), payload.
 */
export interface Batch {
  readonly bytes: Buffer;
  /** How many, and the number of the newest. */
  readonly posts: number;
  readonly last: number;
}

interface Chunk {
  readonly bytes: Buffer;
  used: number;
  posts: number;
  last: number;
}

/** A script keeps Redis from everything else: a batch takes it a millisecond. */
const chunkBytes = 128 * 1024;
const maxSpare = 4;

/** What is to be published, in order. What comes one behind the other for the same channel goes in one PUBLISH. */
export class Outbox {
  readonly #prefix: string;
  /** Full ones, the oldest first, and the one that is being written to. */
  #full: Chunk[] = [];
  #chunk: Chunk | undefined;
  #fullBytes = 0;
  /** Buffers of batches that are done with. */
  readonly #spare: Buffer[] = [];
  #last = 0;
  /** Where the newest PUBLISH of the chunk goes, and where the length of its payload stands. */
  #destination: Destination | undefined;
  #lengthAt = 0;

  /** `prefix` begins the names of all channels. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  get isEmpty(): boolean {
    return this.#chunk === undefined && this.#full.length === 0;
  }

  get bytes(): number {
    return this.#fullBytes + (this.#chunk?.used ?? 0);
  }

  /** The number of the newest that there ever was. */
  get last(): number {
    return this.#last;
  }

  addEvent(destination: Destination, event: StoredEvent, rewrites: boolean): void {
    const at = this.#reserve(destination, eventSize(event));
    putEvent(this.#chunk!.bytes, at, event, rewrites);
  }

  addFrame(destination: Destination, frame: Buffer): void {
    const at = this.#reserve(destination, frame.length);
    this.#chunk!.bytes.set(frame, at);
  }

  /** Makes room for a frame in the chunk; answers where. */
  #reserve(destination: Destination, size: number): number {
    const number = ++this.#last;
    const known = this.#chunk;
    if (known !== undefined && destination === this.#destination && fits(known, size)) {
      const at = known.used;
      known.used += size;
      known.last = number;
      known.bytes.writeUInt32LE(known.used - this.#lengthAt - 4, this.#lengthAt);
      return at;
    }
    const channelBytes = this.#prefix.length + destination.length;
    const needed = 6 + channelBytes + size;
    if (known !== undefined && !fits(known, needed)) this.#seal(known);
    this.#chunk ??= { bytes: this.#buffer(needed), used: 0, posts: 0, last: 0 };
    const chunk = this.#chunk;
    const { bytes } = chunk;
    let at = bytes.writeUInt16LE(channelBytes, chunk.used);
    at = putAscii(bytes, at, this.#prefix);
    at = putAscii(bytes, at, destination);
    this.#destination = destination;
    this.#lengthAt = at;
    at = bytes.writeUInt32LE(size, at);
    chunk.used = at + size;
    chunk.posts++;
    chunk.last = number;
    return at;
  }

  #seal(chunk: Chunk): void {
    this.#full.push(chunk);
    this.#fullBytes += chunk.used;
    this.#chunk = undefined;
    this.#destination = undefined;
  }

  #buffer(needed: number): Buffer {
    return needed > chunkBytes
      ? Buffer.allocUnsafeSlow(needed)
      : (this.#spare.pop() ?? Buffer.allocUnsafeSlow(chunkBytes));
  }

  /** Takes the oldest out, as much as goes together. */
  take(): Batch {
    if (this.#full.length === 0) this.#seal(this.#chunk!);
    const { bytes, used, posts, last } = this.#full.shift()!;
    this.#fullBytes -= used;
    return { bytes: bytes.subarray(0, used), posts, last };
  }

  /** Puts batches that were not published back in front, the oldest first. */
  putBack(batches: readonly Batch[]): void {
    for (const { bytes } of batches) this.#fullBytes += bytes.length;
    this.#full.unshift(
      ...batches.map(({ bytes, posts, last }) => ({ bytes, used: bytes.length, posts, last })),
    );
  }

  /** The batch is done with: nobody looks at its bytes any more. */
  recycle({ bytes }: Batch): void {
    if (bytes.buffer.byteLength === chunkBytes && this.#spare.length < maxSpare)
      this.#spare.push(Buffer.from(bytes.buffer, 0, chunkBytes));
  }

  /** Drops everything. */
  clear(): void {
    this.#full = [];
    this.#fullBytes = 0;
    this.#chunk = undefined;
    this.#destination = undefined;
  }
}

const fits = ({ bytes, used }: Chunk, size: number): boolean => used + size <= bytes.length;
