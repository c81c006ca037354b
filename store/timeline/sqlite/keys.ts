import type {
  DatabaseSyncInstance as DatabaseSync,
  StatementSyncInstance as StatementSync,
} from '@photostructure/sqlite';
import { at, blockOf } from './entry.ts';
import type { SegmentReader } from './segment-files.ts';
import { segmentId } from './tables.ts';

// A key is one double: the hash times 2^21, plus the seq's distance from the first seq of the run.
const seqSpan = 2 ** 21;
/** Keys in a row; small enough to need no overflow page. */
const chunkKeys = 112;
/** A conversation gets a run when this many of its events are in no run. */
const runKeys = 256;
/** So many runs of one level make one of the next; the last level is left as it is. */
const fanIn = 8;
const lastLevel = 3;
/** Of how many conversations the hashes for the next run are kept. */
const keptPending = 20_000;

const levelOf = (count: number): number =>
  Math.min(lastLevel, Math.max(0, Math.floor(Math.log(count / runKeys) / Math.log(fanIn) + 1e-9)));

interface Run {
  first: number;
  last: number;
  level: number;
}

/**
 * Repeat keys of the segments as sorted runs, merged as they grow (a log-structured merge tree for each conversation):
 * a flush then writes few pages for them, whatever the size of the store.
 */
export class KeyRuns {
  readonly #reader: SegmentReader;
  readonly #segments: StatementSync;
  readonly #runs: StatementSync;
  readonly #chunks: StatementSync;
  readonly #addRun: StatementSync;
  readonly #addChunk: StatementSync;
  readonly #dropRun: StatementSync;
  readonly #dropChunks: StatementSync;
  /** By conversation: the hashes of the events behind its last run. Forgotten when there are too many. */
  readonly #pending = new Map<number, { end: number; readonly hashes: number[] }>();

  constructor(db: DatabaseSync, reader: SegmentReader) {
    this.#reader = reader;
    this.#segments = db.prepare(
      `select position, size from segments where id between ${segmentId('?2')} and ${segmentId('4294967295')} order by id`,
    );
    this.#runs = db.prepare('select first, last, level from runs where conv = ? order by first');
    this.#chunks = db.prepare('select data from keys where conv = ? and run = ?');
    this.#addRun = db.prepare('insert into runs values (?, ?, ?, ?)');
    this.#addChunk = db.prepare('insert into keys values (?, ?, ?, ?)');
    this.#dropRun = db.prepare('delete from runs where conv = ? and first = ?');
    this.#dropChunks = db.prepare('delete from keys where conv = ? and run = ?');
  }

  /** Where to put the hashes of a conversation's events from seq `first` on, in their order. */
  hashesOf(conv: number, first: number): number[] {
    let pending = this.#pending.get(conv);
    if (!pending) {
      pending = this.#load(conv, first);
      this.#pending.set(conv, pending);
    }
    return pending.hashes;
  }

  /** Called when those events were written to segments. */
  extend(conv: number): void {
    const pending = this.#pending.get(conv)!;
    const { hashes } = pending;
    if (hashes.length < runKeys) return;
    const first = pending.end + 1;
    pending.end += hashes.length;
    this.#add(conv, first, pending.end, hashes);
    hashes.length = 0;
  }

  /** Called between transactions. */
  trim(): void {
    if (this.#pending.size > keptPending) this.forget();
  }

  /** After a rollback what is remembered may not be true. */
  forget(): void {
    this.#pending.clear();
  }

  #load(conv: number, before: number): { end: number; hashes: number[] } {
    const hashes: number[] = [];
    if (before === 1) return { end: 0, hashes };
    const end = this.#runsOf(conv).at(-1)?.last ?? 0;
    const segments = this.#segments.all(conv, end + 1) as { position: number; size: number }[];
    for (const { position, size } of segments) {
      const { view } = this.#reader.read(position, size);
      for (let start = 0; start < size; start += view.getUint32(start, true))
        if (view.getUint32(start + at.seq, true) < before) hashes.push(view.getUint32(start + at.hash, true));
    }
    return { end, hashes };
  }

  #add(conv: number, from: number, last: number, hashes: readonly number[]): void {
    let first = from;
    let keys: Float64Array = new Float64Array(hashes.length);
    for (let i = 0; i < keys.length; i++) keys[i] = hashes[i]! * seqSpan + i;
    let level = levelOf(keys.length);
    const runs = this.#runsOf(conv);
    for (;;) {
      let oldest = runs.length;
      while (oldest > 0 && runs[oldest - 1]!.level <= level) oldest--;
      const merged = runs.splice(oldest);
      if (level === lastLevel || merged.length < fanIn - 1) break;
      const base = first;
      first = merged[0]!.first;
      keys = this.#merge(conv, first, merged, keys, base - first);
      level = levelOf(keys.length);
    }
    this.#write(conv, first, keys.sort());
    this.#addRun.run(conv, first, last, level);
  }

  /** The keys of the runs and those given, as one run that begins with `first`, and the runs are gone. */
  #merge(
    conv: number,
    first: number,
    runs: readonly Run[],
    given: Float64Array,
    shift: number,
  ): Float64Array {
    const keys = new Float64Array(runs.at(-1)!.last + 1 - first + given.length);
    let count = 0;
    for (const key of given) keys[count++] = key + shift;
    for (const run of runs) {
      for (const { data } of this.#chunks.all(conv, run.first) as { data: Uint8Array }[]) {
        const { view } = blockOf(data);
        for (let offset = 0; offset < data.length; offset += 8)
          keys[count++] = view.getFloat64(offset, true) + (run.first - first);
      }
      this.#dropRun.run(conv, run.first);
      this.#dropChunks.run(conv, run.first);
    }
    return keys.subarray(0, count);
  }

  #write(conv: number, first: number, keys: Float64Array): void {
    for (let begin = 0; begin < keys.length; ) {
      let end = Math.min(begin + chunkKeys, keys.length);
      // Keys with one hash stay in one row, so that a look into one row finds them all.
      while (end < keys.length && hashOf(keys[end]!) === hashOf(keys[end - 1]!)) end++;
      const chunk = keys.subarray(begin, end);
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      this.#addChunk.run(conv, first, hashOf(keys[begin]!), bytes);
      begin = end;
    }
  }

  #runsOf(conv: number): Run[] {
    return this.#runs.all(conv) as unknown as Run[];
  }
}

const hashOf = (key: number): number => Math.floor(key / seqSpan);

/** Visits the hashes of a row. */
export function eachHash(data: Uint8Array, visit: (hash: number) => void): void {
  const { view } = blockOf(data);
  for (let offset = 0; offset < data.length; offset += 8) visit(hashOf(view.getFloat64(offset, true)));
}

/** The seqs that have the hash in a row. */
export function chunkMatches(data: Uint8Array, hash: number, runFirst: number): number[] {
  const { view } = blockOf(data);
  let low = 0;
  let high = data.length / 8;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (view.getFloat64(middle * 8, true) < hash * seqSpan) low = middle + 1;
    else high = middle;
  }
  const seqs: number[] = [];
  for (let offset = low * 8; offset < data.length; offset += 8) {
    const key = view.getFloat64(offset, true);
    if (hashOf(key) !== hash) break;
    seqs.push(runFirst + (key % seqSpan));
  }
  return seqs;
}
