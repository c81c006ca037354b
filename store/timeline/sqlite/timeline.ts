import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Head, StoredEvent } from '../../../schemas/event.ts';
import { lockFile } from '../../lock.ts';
import type { Appended, Cursor, CursorMove, Range, Submission, Timeline } from '../../timeline.ts';
import { type KeptEvent, PlaceTaken, type TimelineTransfer } from '../../transfer.ts';
import { decodeEvents, decodePlaces, encodeMoves, encodeSubmissions } from './entry.ts';
import { decodeScanned, encodeKept } from './kept.ts';
import { defaultLimits, type Limits } from './messages.ts';
import { StoreThread } from './store-thread.ts';

export interface SqliteTimelineOptions {
  /** The folder of the store's files; made where it is missing. Its files have mode 0600. */
  readonly dir: string;
  readonly log?: (level: 'warn' | 'error', message: string) => void;
  /** Other sizes than the default ones; for tests. */
  readonly limits?: Partial<Limits>;
}

/** The embedded timeline, which can also be told to empty its journal, and be moved. */
export interface EmbeddedTimeline extends Timeline, TimelineTransfer {
  /** Resolves when all that was appended before is in the tables and their files, as before a copy of them. */
  flush(): Promise<void>;
}

/**
 * The embedded timeline: a journal that makes batches durable, and SQLite tables behind it, each in a thread of its
 * own. One process at a time: throws StoreLocked where another one has the folder.
 */
export async function openSqliteTimeline(options: SqliteTimelineOptions): Promise<EmbeddedTimeline> {
  const { dir, log = () => {} } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const unlock = lockFile(join(dir, 'timeline.lock'));
  try {
    const thread = new StoreThread({ dir, limits: { ...defaultLimits, ...options.limits } }, log);
    await thread.start();
    return new SqliteTimeline(thread, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

class SqliteTimeline implements EmbeddedTimeline {
  readonly #thread: StoreThread;
  readonly #unlock: () => void;
  #closed: Promise<void> | undefined;

  constructor(thread: StoreThread, unlock: () => void) {
    this.#thread = thread;
    this.#unlock = unlock;
  }

  async append(batch: readonly Submission[]): Promise<Appended[]> {
    if (batch.length === 0) return [];
    const input = encodeSubmissions(batch);
    const numbers = await this.#thread.call('append', input, [input.buffer]);
    const appended: Appended[] = new Array(batch.length);
    for (let i = 0, j = 0; i < appended.length; i++, j += 4)
      appended[i] = {
        seq: numbers[j]!,
        n: numbers[j + 1]!,
        ts: numbers[j + 2]!,
        repeat: numbers[j + 3] === 1,
      };
    return appended;
  }

  async range(range: Range): Promise<StoredEvent[]> {
    return decodeEvents(range.conv, await this.#thread.call('range', range));
  }

  async events(
    places: readonly { readonly conv: string; readonly seq: number }[],
  ): Promise<(StoredEvent | undefined)[]> {
    if (places.length === 0) return [];
    const lines = places.map(({ conv, seq }) => `${conv} ${seq}`).join('\n');
    return decodePlaces(places, await this.#thread.call('events', lines));
  }

  async changes(conv: string, from: number, to: number, after = 0): Promise<StoredEvent[]> {
    return decodeEvents(conv, await this.#thread.call('changes', { conv, from, to, after }));
  }

  async heads(convs: readonly string[]): Promise<(Head | undefined)[]> {
    const numbers = await this.#thread.call('heads', convs);
    return convs.map((_, i) => {
      const seq = numbers[i * 3]!;
      return seq === 0 ? undefined : { seq, n: numbers[i * 3 + 1]!, ts: numbers[i * 3 + 2]! };
    });
  }

  directs(uid: string): Promise<{ conv: string; head: Head }[]> {
    return this.#thread.call('directs', uid);
  }

  async moveCursors(moves: readonly CursorMove[]): Promise<Cursor[]> {
    if (moves.length === 0) return [];
    const input = encodeMoves(moves);
    return toCursors(moves, await this.#thread.call('moveCursors', input, [input.buffer]));
  }

  async cursors(keys: readonly { conv: string; uid: string }[]): Promise<Cursor[]> {
    if (keys.length === 0) return [];
    const lines = keys.map(({ conv, uid }) => `${conv} ${uid}`).join('\n');
    return toCursors(keys, await this.#thread.call('cursors', lines));
  }

  cursorsOf(conv: string, afterUid: string, limit: number): Promise<Cursor[]> {
    return this.#thread.call('cursorsOf', { conv, afterUid, limit });
  }

  async *allEvents(after = { conv: '', seq: 0 }): AsyncGenerator<readonly KeptEvent[]> {
    await this.flush();
    for (let from = after; ; ) {
      const scanned = await this.#thread.call('scan', { conv: from.conv, seq: from.seq });
      if (scanned.parts.length === 0) return;
      const events = decodeScanned(scanned);
      yield events;
      from = events.at(-1)!;
    }
  }

  async *allCursors(after = { conv: '', uid: '' }): AsyncGenerator<readonly Cursor[]> {
    await this.flush();
    for (let from = after; ; ) {
      const cursors = await this.#thread.call('scanCursors', { conv: from.conv, uid: from.uid });
      if (cursors.length === 0) return;
      yield cursors;
      from = cursors.at(-1)!;
    }
  }

  async load(events: readonly KeptEvent[]): Promise<void> {
    if (events.length === 0) return;
    const input = encodeKept(events);
    const taken = await this.#thread.call('load', input, [input.buffer]);
    if (taken !== '') throw new PlaceTaken(taken);
  }

  async mark(): Promise<string> {
    await this.flush();
    return this.#thread.call('mark', null);
  }

  async flush(): Promise<void> {
    await this.#thread.call('flush', null);
  }

  async check(): Promise<void> {
    await this.#thread.call('check', null);
  }

  close(): Promise<void> {
    this.#closed ??= this.#thread.close().finally(this.#unlock);
    return this.#closed;
  }
}

const toCursors = (
  keys: readonly { readonly conv: string; readonly uid: string }[],
  numbers: Float64Array,
): Cursor[] =>
  keys.map(({ conv, uid }, i) => ({
    conv,
    uid,
    delivered: numbers[i * 3]!,
    read: numbers[i * 3 + 1]!,
    readN: numbers[i * 3 + 2]!,
  }));
