import { type FileHandle, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from './files.ts';

/**
 * What was done so far, a JSON line each, in a file that only grows. A line is durable when `add` resolves; one that a
 * crash cut short does not count and is overwritten.
 */
export class Notes<T> {
  readonly #file: FileHandle;
  #length: number;

  private constructor(file: FileHandle, length: number) {
    this.#file = file;
    this.#length = length;
  }

  /** Opens the notes, and reads what is in them. */
  static async open<T>(path: string): Promise<{ notes: Notes<T>; known: T[] }> {
    const file = await open(path, 'a+', 0o600).then(async (made) => {
      await made.close();
      return open(path, 'r+');
    });
    await syncFolder(dirname(path));
    const text = await readFile(path, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const known = whole.split('\n', -1).filter((line) => line !== '');
    return {
      notes: new Notes(file, Buffer.byteLength(whole)),
      known: known.map((line) => JSON.parse(line) as T),
    };
  }

  async add(note: T): Promise<void> {
    const bytes = Buffer.from(`${JSON.stringify(note)}\n`);
    await this.#file.truncate(this.#length);
    await this.#file.write(bytes, 0, bytes.length, this.#length);
    await this.#file.sync();
    this.#length += bytes.length;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
