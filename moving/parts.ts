import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { Checksum } from './checksum.ts';
import { MovingError } from './errors.ts';
import { writeDurably } from './files.ts';
import type { Part } from './manifest.ts';

const pack = promisify(gzip);
const unpack = promisify(gunzip);

/** Text of a part before it is packed; one list of lines more than that at most. */
const defaultPartChars = 8 << 20;
/** Bodies pack to a third at the least effort; more effort costs more time than it saves disk. */
const level = 1;

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Lines on their way into a part. */
export class PartBuffer {
  readonly #maxChars: number;
  #lines: string[] = [];
  #chars = 0;
  #checksum = new Checksum();

  constructor(maxChars = defaultPartChars) {
    this.#maxChars = maxChars;
  }

  get isFull(): boolean {
    return this.#chars >= this.#maxChars;
  }

  get records(): number {
    return this.#lines.length;
  }

  /** `checksum`: of the lines, where it is known. */
  add(lines: readonly string[], checksum?: Checksum): void {
    for (const line of lines) {
      this.#lines.push(line);
      this.#chars += line.length + 1;
    }
    this.#checksum.addAll(checksum ?? Checksum.of(lines));
  }

  /** Writes what it holds into a file of the folder, and is empty again. */
  async write(folder: string, file: string): Promise<Part> {
    const records = this.#lines.length;
    const checksum = this.#checksum.toString();
    const text = Buffer.from(`${this.#lines.join('\n')}\n`);
    this.#lines = [];
    this.#chars = 0;
    this.#checksum = new Checksum();
    const bytes = await pack(text, { level });
    await writeDurably(join(folder, file), bytes);
    return { file, records, bytes: bytes.length, sha256: digest(bytes), checksum };
  }
}

/** The lines of a part, which are those that were written. Throws MovingError where they are not. */
export async function readPart(folder: string, part: Part): Promise<string[]> {
  const text = (await unpack(await checkPart(folder, part))).toString();
  const lines = text.slice(0, -1).split('\n');
  const checksum = new Checksum();
  for (const line of lines) checksum.add(line);
  if (lines.length !== part.records || checksum.toString() !== part.checksum)
    throw new MovingError(`${join(folder, part.file)} has not the records of the manifest`);
  return lines;
}

/** The file of a part, as it is. Throws MovingError where it is not what was written. */
export async function checkPart(folder: string, part: Part): Promise<Buffer> {
  const path = join(folder, part.file);
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new MovingError(`${path} is missing`) : error;
  });
  if (bytes.length !== part.bytes || digest(bytes) !== part.sha256)
    throw new MovingError(`${path} is damaged: it is not the file that was written`);
  return bytes;
}
