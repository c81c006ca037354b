import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ClientError } from '../../errors.ts';
import type { Change } from '../../storage.ts';
import { assertKeys } from '../keys.ts';

/** The first line, so that no other file is ever taken for one of these, and cut. */
const header = '{"petrel-im":"storage","version":1}\n';
const newline = 0x0a;
/** So much is made and written at a time when a log is written anew. */
const pieceBytes = 1 << 18;

/** Changes as the inside of a JSON list. Throws where JSON cannot say them. */
export function textOf(changes: readonly Change[]): string {
  assertKeys(changes);
  for (const change of changes) if ('value' in change) assertPlain(change.value);
  return JSON.stringify(changes).slice(1, -1);
}

/**
 * A file to which changes are appended: behind its header each line is a JSON list of changes, which were written
 * together. What `append` has resolved survives the end of the machine; of an append that was cut off nothing is left.
 */
export class Log {
  readonly #path: string;
  #file: FileHandle;
  #bytes: number;
  #failed: Error | undefined;

  private constructor(path: string, file: FileHandle, bytes: number) {
    this.#path = path;
    this.#file = file;
    this.#bytes = bytes;
  }

  /** Opens or makes it; what is in it goes to `apply`, in order. Refuses what is no log, or damaged before its end. */
  static async open(path: string, apply: (changes: readonly Change[]) => void): Promise<Log> {
    await rm(besides(path), { force: true });
    const file = await open(path, 'a+', 0o600);
    try {
      const bytes = read(path, await readFile(file), apply);
      await file.truncate(bytes);
      await file.datasync();
      await syncFolder(path);
      return new Log(path, file, bytes);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Texts of `textOf`, as one: all or none. */
  async append(texts: readonly string[]): Promise<void> {
    if (this.#failed !== undefined) throw this.#failed;
    const line = `${this.#bytes === 0 ? header : ''}[${texts.join(',')}]\n`;
    try {
      await this.#file.appendFile(line);
      await this.#file.datasync();
      this.#bytes += Buffer.byteLength(line);
    } catch (error) {
      await this.#takeBack();
      throw error;
    }
  }

  /** Writes a log of these changes in its place: there is the old one or the new one, whatever happens. */
  async replace(changes: Iterable<Change>): Promise<void> {
    if (this.#failed !== undefined) throw this.#failed;
    const path = besides(this.#path);
    const file = await open(path, 'w', 0o600);
    let bytes = 0;
    try {
      for (const piece of pieces(changes)) {
        await file.appendFile(piece);
        bytes += Buffer.byteLength(piece);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    try {
      await this.#file.close();
      await rename(path, this.#path);
      this.#file = await open(this.#path, 'a+', 0o600);
      this.#bytes = bytes;
      await syncFolder(this.#path);
    } catch (error) {
      this.#failed = error as Error;
      throw error;
    }
  }

  /** Nothing is left in it. */
  async empty(): Promise<void> {
    await this.#file.truncate(0);
    await this.#file.datasync();
    this.#bytes = 0;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** Whatever of a line is there goes: the next one must not be joined to it. */
  async #takeBack(): Promise<void> {
    try {
      await this.#file.truncate(this.#bytes);
    } catch (error) {
      this.#failed = error as Error;
    }
  }
}

const besides = (path: string): string => `${path}.new`;

/** Answers how many bytes are good. Only the last line may be torn: each one was on disk before the next was begun. */
function read(path: string, content: Buffer, apply: (changes: readonly Change[]) => void): number {
  const beginning = content.toString('utf8', 0, header.length);
  if (header.startsWith(beginning)) {
    if (beginning !== header) return 0;
  } else throw damaged(`${path} is not a storage of this SDK, or of a later version.`);
  let start = header.length;
  while (start < content.length) {
    const end = content.indexOf(newline, start);
    if (end === -1) break;
    const changes = changesOf(content.toString('utf8', start, end));
    if (changes !== undefined) apply(changes);
    else if (end === content.length - 1) break;
    else throw damaged(`${path} is damaged at byte ${start}.`);
    start = end + 1;
  }
  return start;
}

function changesOf(line: string): readonly Change[] | undefined {
  try {
    const changes: unknown = JSON.parse(line);
    return Array.isArray(changes) ? changes : undefined;
  } catch {
    return undefined;
  }
}

function* pieces(changes: Iterable<Change>): Generator<string> {
  let piece = header;
  for (const change of changes) {
    piece += `[${textOf([change])}]\n`;
    if (piece.length < pieceBytes) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

/** Makes a new name last. Not every system can, or has to. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(dirname(path), 'r');
    await folder.sync().finally(() => folder.close());
  } catch (error) {
    if (!['EISDIR', 'EPERM', 'EACCES', 'EINVAL'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error;
  }
}

/** A key or a date would come back as something else. */
function assertPlain(value: unknown): void {
  if (!['object', 'string', 'number', 'boolean'].includes(typeof value)) throw notJson();
  if (typeof value !== 'object' || value === null) return;
  const made = Object.getPrototypeOf(value) as unknown;
  if (made !== Object.prototype && made !== Array.prototype && made !== null) throw notJson();
  for (const member of Object.values(value)) if (member !== undefined) assertPlain(member);
}

const notJson = (): ClientError => damaged('A file keeps what JSON can say, and nothing else.');

const damaged = (message: string): ClientError => new ClientError('client.storage', message);
