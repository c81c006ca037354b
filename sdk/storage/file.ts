import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Change, Key, Range, Storage, Table } from '../storage.ts';
import { storageClosed, storageFailed } from './failure.ts';
import { lock } from './file/lock.ts';
import { Log, textOf } from './file/log.ts';
import { Tables } from './tables.ts';

export interface FileStorageOptions {
  /** The file; `{path}.lock` and, for moments, `{path}.new` are beside it. Made where there is none, for the owner alone. */
  readonly path: string;
}

/**
 * Keeps everything in a file (Node): a log that is appended to, on disk before a write resolves, and written anew when
 * most of it is of the past. All of it is in memory besides. It survives `kill -9` and a power failure. One process at a
 * time: where another has it, everything rejects with `client.storage`.
 *
 * The sign-in is in it too: keep the file as you would keep a password.
 *
 * @example
 * const client = await createClient({ url: 'https://chat.example', storage: fileStorage({ path: 'bot.data' }) });
 */
export function fileStorage(options: FileStorageOptions): Storage {
  return new FileStorage(options.path);
}

/** A log that has grown by so much, and to twice what it was, is written anew. */
const spareBytes = 1 << 20;
/** No more is written at a time. */
const maxGroupBytes = 1 << 22;

/** What was asked for. A write has its changes on disk when it is done. */
interface Task {
  readonly text?: string;
  readonly clears?: true;
  readonly run: () => void;
  readonly fail: (error: unknown) => void;
}

class FileStorage implements Storage {
  readonly keepsKeys = false;
  readonly isShared = Promise.resolve(false);
  readonly #path: string;
  readonly #tables = new Tables();
  readonly #opened: Promise<{ readonly log: Log; readonly unlock: () => void }>;
  #tasks: Task[] = [];
  #working: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  /** How long the log was when it had no past. */
  #freshBytes = 0;

  constructor(path: string) {
    this.#path = path;
    this.#opened = this.#open();
    this.#opened.catch(() => {});
  }

  get<T>(table: Table, key: Key): Promise<T | undefined> {
    return this.#do(() => this.#tables.get(table, key) as T | undefined);
  }

  range<T>(table: Table, range?: Range): Promise<T[]> {
    return this.#do(() => this.#tables.range(table, range) as T[]);
  }

  async write(changes: readonly Change[]): Promise<void> {
    if (changes.length === 0) return this.#do(() => {});
    const all = [...changes];
    try {
      return await this.#do(() => this.#tables.apply(all), { text: textOf(all) });
    } catch (error) {
      throw storageFailed(error);
    }
  }

  clear(): Promise<void> {
    return this.#do(() => this.#tables.clear(), { clears: true });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #open(): Promise<{ log: Log; unlock: () => void }> {
    await mkdir(dirname(this.#path), { recursive: true });
    const unlock = await lock(`${this.#path}.lock`);
    try {
      const log = await Log.open(this.#path, (changes) => this.#tables.apply(changes));
      this.#freshBytes = log.bytes;
      return { log, unlock };
    } catch (error) {
      unlock();
      throw error;
    }
  }

  async #close(): Promise<void> {
    const opened = await this.#opened.catch(() => undefined);
    await this.#working;
    await opened?.log.close();
    opened?.unlock();
  }

  #do<T>(work: () => T, how: Pick<Task, 'text' | 'clears'> = {}): Promise<T> {
    if (this.#closed !== undefined) return Promise.reject(storageClosed());
    return new Promise<T>((resolve, reject) => {
      this.#tasks.push({
        ...how,
        run: () => resolve(work()),
        fail: (error) => reject(storageFailed(error)),
      });
      this.#working ??= this.#work();
    });
  }

  /** In the order asked for, what is there at a time with one write to the disk. */
  async #work(): Promise<void> {
    const opened = await this.#opened.catch((error: unknown) => {
      for (const { fail } of this.#tasks.splice(0)) fail(error);
    });
    while (opened && this.#tasks.length > 0) {
      const group = this.#takeGroup();
      try {
        const texts = group.flatMap(({ text }) => text ?? []);
        if (group[0]?.clears) await opened.log.empty();
        else if (texts.length > 0) await opened.log.append(texts);
      } catch (error) {
        for (const { text, clears, run, fail } of group)
          if (text !== undefined || clears) fail(error);
          else run();
        continue;
      }
      for (const { run } of group) run();
      await this.#tidy(opened.log);
    }
    // At once, so that whoever comes next begins anew.
    this.#working = undefined;
  }

  /** Those that one append can do; a clearing for itself. */
  #takeGroup(): Task[] {
    let bytes = 0;
    let end = 0;
    for (const { text, clears } of this.#tasks) {
      bytes += text?.length ?? 0;
      if (end > 0 && (clears || bytes > maxGroupBytes)) break;
      end++;
      if (clears) break;
    }
    return this.#tasks.splice(0, end);
  }

  async #tidy(log: Log): Promise<void> {
    if (log.bytes < 2 * this.#freshBytes + spareBytes) return;
    // Where that fails the old one is there still; the next write tells if it is not.
    await log.replace(this.#tables.everything()).catch(() => {});
    this.#freshBytes = log.bytes;
  }
}
