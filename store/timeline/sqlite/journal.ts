import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  writevSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { type Block, recordBytes } from './entry.ts';

// A file: header (magic, version, generation as u32), then records: magic, CRC-32, length, count; then entries.
// The CRC begins with the generation, so that what an earlier use of the file left behind never counts.
const fileMagic = 0x4c525450;
const recordMagic = 0x43455250;
const version = 1;
const headerBytes = 16;

/** What a file is cut to before its next use, so that one burst does not hold the disk for ever. */
const keptBytes = 64 << 20;

/** A file grows by so much at a time: a sync is slower where it must also note a new length. */
const growth = Buffer.alloc(1 << 20);

const namePattern = /^journal-[0-9]+$/;

export interface JournalFile {
  readonly path: string;
  readonly generation: number;
}

/** The calls that can fail with the disk; tests put their own in place. */
export interface Disk {
  writev(fd: number, buffers: readonly Uint8Array[], position: number): number;
  datasync(fd: number): void;
}

export const realDisk: Disk = {
  writev: (fd, buffers, position) => writevSync(fd, buffers, position),
  datasync: fdatasyncSync,
};

/**
 * The write-ahead journal: a batch is durable when `write` returns. One file a generation; the files of indexed
 * generations are used again, so that a steady server only overwrites blocks it has.
 */
export class Journal {
  readonly #dir: string;
  readonly #disk: Disk;
  #free: string[] = [];
  #files = 0;
  #current: { fd: number; path: string } | undefined;
  #generation: number;
  #offset = 0;
  /** How long the current file is. */
  #size = 0;
  /** Set from a failed write until the file is known to end at `#offset` again. */
  #broken = false;

  /** `indexed`: the newest generation whose content is in the tables. */
  constructor(dir: string, indexed: number, disk: Disk = realDisk) {
    this.#dir = dir;
    this.#disk = disk;
    this.#generation = indexed;
    for (const { path, generation } of journalFiles(dir)) {
      this.#files = Math.max(this.#files, Number(path.slice(path.lastIndexOf('-') + 1)));
      this.#generation = Math.max(this.#generation, generation);
      this.#free.push(path);
    }
  }

  get generation(): number {
    return this.#generation;
  }

  /** The file that is being written, and how many bytes of it count. */
  get current(): (JournalFile & { readonly length: number }) | undefined {
    return this.#current && { path: this.#current.path, length: this.#offset, generation: this.#generation };
  }

  /** Begins the next generation in a file of its own, and answers the file that is now complete. */
  rotate(): Journal['current'] {
    // A later start reads the whole of a file that is not indexed yet.
    this.#repair();
    const used = this.#free.pop();
    const path = used ?? join(this.#dir, `journal-${++this.#files}`);
    const generation = this.#generation + 1;
    const fd = openSync(path, used === undefined ? 'wx+' : 'r+', 0o600);
    let size = 0;
    try {
      if (used === undefined) this.#syncDirectory();
      else if (fstatSync(fd).size > keptBytes) ftruncateSync(fd, keptBytes);
      size = fstatSync(fd).size;
      const header = Buffer.alloc(headerBytes);
      header.writeUInt32LE(fileMagic, 0);
      header.writeUInt32LE(version, 4);
      header.writeUInt32LE(generation, 8);
      header.writeUInt32LE(crc32(header.subarray(0, 12)), 12);
      if (this.#disk.writev(fd, [header], 0) !== headerBytes) throw new Error('short write');
    } catch (error) {
      closeSync(fd);
      this.#free.push(path);
      throw error;
    }
    const done = this.current;
    if (this.#current) closeSync(this.#current.fd);
    this.#current = { fd, path };
    this.#generation = generation;
    this.#offset = headerBytes;
    this.#size = size;
    return done;
  }

  /** Gives the file of an indexed generation back. */
  release(path: string): void {
    this.#free.push(path);
  }

  /** Makes the batches durable, each with `recordBytes` free in front. Throws with nothing written that would count. */
  write(batches: readonly Block[]): void {
    if (!this.#current) throw new Error('the journal is closed');
    this.#repair();
    let size = 0;
    for (const { bytes, view } of batches) {
      view.setUint32(0, recordMagic, true);
      view.setUint32(8, bytes.length - recordBytes, true);
      view.setUint32(4, crc32(bytes.subarray(8), this.#generation), true);
      size += bytes.length;
    }
    this.#broken = true;
    const buffers: Uint8Array[] = batches.map(({ bytes }) => bytes);
    const grows = this.#offset + size > this.#size;
    if (grows) buffers.push(growth);
    this.#put(buffers, grows ? size + growth.length : size);
    this.#disk.datasync(this.#current.fd);
    this.#broken = false;
    this.#offset += size;
    if (grows) this.#size = this.#offset + growth.length;
  }

  /** Throws where a write of some size would fail now. */
  probe(): void {
    if (!this.#current) throw new Error('the journal is closed');
    this.#repair();
    this.#broken = true;
    const filler = new Uint8Array(65536);
    this.#put([filler], filler.length);
    this.#repair();
  }

  close(): void {
    try {
      this.#repair();
    } catch {
      // At worst the next start finds events that were refused; sending them again is then a repeat.
    }
    if (this.#current) closeSync(this.#current.fd);
    this.#current = undefined;
  }

  /** After a failure: nothing behind the last good record may be found by a later start, nor may seqs be given twice. */
  #repair(): void {
    if (!this.#broken || !this.#current) return;
    ftruncateSync(this.#current.fd, this.#offset);
    this.#size = this.#offset;
    this.#disk.datasync(this.#current.fd);
    this.#broken = false;
  }

  #put(buffers: readonly Uint8Array[], size: number): void {
    const fd = this.#current!.fd;
    let rest = buffers;
    for (let done = 0; done < size; ) {
      let written = this.#disk.writev(fd, rest, this.#offset + done);
      if (written === 0) throw new Error('nothing was written');
      done += written;
      if (done === size) return;
      // A short write: go on behind it; a full disk then says so.
      const left: Uint8Array[] = [];
      for (const buffer of rest) {
        if (written < buffer.length) left.push(buffer.subarray(written));
        written = Math.max(0, written - buffer.length);
      }
      rest = left;
    }
  }

  #syncDirectory(): void {
    const fd = openSync(this.#dir, 'r');
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }
}

/** The files of a journal, oldest generation first; those without a whole header count as generation 0. */
export function journalFiles(dir: string): JournalFile[] {
  const files = readdirSync(dir)
    .filter((name) => namePattern.test(name))
    .map((name) => ({ path: join(dir, name), generation: generationOf(join(dir, name)) }));
  return files.sort((a, b) => a.generation - b.generation);
}

function generationOf(path: string): number {
  const fd = openSync(path, 'r');
  try {
    const header = Buffer.alloc(headerBytes);
    if (readSync(fd, header, 0, headerBytes, 0) < headerBytes || header.readUInt32LE(0) !== fileMagic)
      return 0;
    if (header.readUInt32LE(12) !== crc32(header.subarray(0, 12))) return 0;
    if (header.readUInt32LE(4) !== version) throw new Error(`${path} has an unknown version`);
    return header.readUInt32LE(8);
  } finally {
    closeSync(fd);
  }
}

/** Calls `visit` with the bounds of each whole record's entries in a journal file; answers where the last one ends. `checked`: by CRC. */
export function eachRecord(
  { bytes, view }: Block,
  generation: number,
  checked: boolean,
  visit: (start: number, end: number) => void,
): number {
  let offset = headerBytes;
  while (offset + recordBytes <= bytes.length && view.getUint32(offset, true) === recordMagic) {
    const end = offset + recordBytes + view.getUint32(offset + 8, true);
    if (end > bytes.length) break;
    if (checked && crc32(bytes.subarray(offset + 8, end), generation) !== view.getUint32(offset + 4, true))
      break;
    visit(offset + recordBytes, end);
    offset = end;
  }
  return offset;
}
