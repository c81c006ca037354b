import { closeSync, fdatasyncSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type Block, blockOf } from './entry.ts';

// A position is the number of the file times 2^32, plus the offset in it.
const fileSpan = 2 ** 32;
const maxFileBytes = 2 ** 30;
const bufferBytes = 1 << 20;

const pathOf = (dir: string, file: number): string => join(dir, `events-${file}`);

/** Reads segments from the files behind the tables. */
export class SegmentReader {
  readonly #dir: string;
  readonly #files = new Map<number, number>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  read(position: number, size: number): Block {
    const bytes = Buffer.allocUnsafeSlow(size);
    const file = Math.floor(position / fileSpan);
    let fd = this.#files.get(file);
    if (fd === undefined) {
      fd = openSync(pathOf(this.#dir, file), 'r');
      this.#files.set(file, fd);
    }
    for (let done = 0; done < size; ) {
      const count = readSync(fd, bytes, done, size - done, (position % fileSpan) + done);
      if (count === 0) throw new Error(`${pathOf(this.#dir, file)} ends too early`);
      done += count;
    }
    return blockOf(bytes);
  }

  close(): void {
    for (const fd of this.#files.values()) closeSync(fd);
    this.#files.clear();
  }
}

/**
 * Writes segments one behind the other. Events leave the journal through one sequential write this way; as rows of a
 * table they would be written twice, page by page. What is behind the tail that the tables remember does not count.
 */
export class SegmentWriter {
  readonly #dir: string;
  readonly #buffer: Block = blockOf(Buffer.alloc(bufferBytes));
  #filled = 0;
  /** Where the buffer begins. */
  #start: number;
  #open: { readonly file: number; readonly fd: number } | undefined;

  constructor(dir: string, tail: number) {
    this.#dir = dir;
    this.#start = tail;
  }

  /** The position behind all that was written. */
  get tail(): number {
    return this.#start + this.#filled;
  }

  /** Puts a segment behind the others, by `fill`, and answers its position. */
  append(size: number, fill: (block: Block, offset: number) => void): number {
    if ((this.tail % fileSpan) + size > maxFileBytes && this.tail % fileSpan > 0) {
      this.flush();
      this.#start = (Math.floor(this.#start / fileSpan) + 1) * fileSpan;
    }
    if (this.#filled + size > bufferBytes) this.flush();
    const position = this.tail;
    if (size > bufferBytes) {
      const block = blockOf(Buffer.alloc(size));
      fill(block, 0);
      this.write(position, block.bytes);
      this.#start += size;
    } else {
      fill(this.#buffer, this.#filled);
      this.#filled += size;
    }
    return position;
  }

  /** Writes what is in the buffer. */
  flush(): void {
    if (this.#filled === 0) return;
    this.write(this.#start, this.#buffer.bytes.subarray(0, this.#filled));
    this.#start += this.#filled;
    this.#filled = 0;
  }

  /** Makes all that was written durable. */
  sync(): void {
    this.flush();
    if (this.#open) fdatasyncSync(this.#open.fd);
  }

  /** Goes back to an earlier tail, after a failure. */
  rewind(tail: number): void {
    this.#start = tail;
    this.#filled = 0;
  }

  write(position: number, bytes: Uint8Array): void {
    const fd = this.#fdOf(Math.floor(position / fileSpan));
    for (let done = 0; done < bytes.length; )
      done += writeSync(fd, bytes, done, bytes.length - done, (position % fileSpan) + done);
  }

  close(): void {
    if (this.#open) closeSync(this.#open.fd);
    this.#open = undefined;
  }

  #fdOf(file: number): number {
    if (this.#open?.file === file) return this.#open.fd;
    if (this.#open) {
      fdatasyncSync(this.#open.fd);
      this.close();
    }
    const fd = openSync(pathOf(this.#dir, file), 'a+', 0o600);
    closeSync(fd);
    this.#open = { file, fd: openSync(pathOf(this.#dir, file), 'r+') };
    const directory = openSync(this.#dir, 'r');
    fsyncSync(directory);
    closeSync(directory);
    return this.#open.fd;
  }
}
