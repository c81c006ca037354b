import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type {
  DatabaseSyncInstance as DatabaseSync,
  StatementSyncInstance as StatementSync,
} from '@photostructure/sqlite';
import { parseConv } from '../../../schemas/event.ts';
import {
  at,
  type Block,
  blockOf,
  convOf,
  copyStored,
  eachReplacement,
  flags,
  fromOf,
  kinds,
  storedSize,
} from './entry.ts';
import { eachRecord } from './journal.ts';
import { KeyRuns } from './keys.ts';
import { SegmentReader, SegmentWriter } from './segment-files.ts';
import { metaOf, openTables, segmentId } from './tables.ts';

const segmentEvents = 64;
const segmentBytes = 32 << 10;
/** The write-ahead file of the tables is folded in when it has grown by so many pages. */
const checkpointPages = 12_000;

/** What a journal file holds, sorted out: where the entries of each conversation begin. */
interface Sorted {
  readonly events: Map<number, number[]>;
  /** Those with a target or replacements, in the order of their commits. */
  readonly changes: number[];
  /** The last entry of each (conversation, uid). */
  readonly cursors: Map<string, number>;
}

/** Moves journal files into the tables, each in one transaction that also remembers its generation. */
export class Indexer {
  readonly #db: DatabaseSync;
  readonly #keys: KeyRuns;
  readonly #addConversation: StatementSync;
  readonly #addDirect: StatementSync;
  readonly #addSegment: StatementSync;
  readonly #addChange: StatementSync;
  readonly #putCursor: StatementSync;
  readonly #segmentOf: StatementSync;
  readonly #putSegment: StatementSync;
  readonly #setMeta: StatementSync;
  readonly #addErasure: StatementSync;
  readonly #reader: SegmentReader;
  readonly #writer: SegmentWriter;
  #file = Buffer.alloc(0);

  /** `maxPages`: how large the tables may get, as on a disk with so much room; for tests. */
  constructor(dir: string, maxPages?: number) {
    this.#db = openTables(dir, true, maxPages);
    const prepare = (sql: string): StatementSync => this.#db.prepare(sql);
    this.#reader = new SegmentReader(dir);
    this.#writer = new SegmentWriter(dir, metaOf(this.#db, 'tail') as number);
    this.#keys = new KeyRuns(this.#db, this.#reader);
    this.#addConversation = prepare('insert into conversations values (?, ?)');
    this.#addDirect = prepare('insert into directs values (?, ?)');
    this.#addSegment = prepare(`insert into segments values (${segmentId('?2')}, ?, ?, ?, ?, ?)`);
    this.#addChange = prepare('insert or ignore into changes values (?, ?, ?)');
    this.#putCursor = prepare('insert or replace into cursors values (?, ?, ?, ?, ?)');
    this.#segmentOf = prepare(`select id & 4294967295 as first, position, size from segments
      where id between ${segmentId('0')} and ${segmentId('?2')} order by id desc limit 1`);
    this.#putSegment = prepare(`update segments set position = ?3, size = ?4 where id = ${segmentId('?2')}`);
    this.#addErasure = prepare('insert or replace into erasures values (?, ?)');
    this.#setMeta = prepare(`update meta set value = ?2 where name = ?1`);
  }

  /** The newest generation whose content is in the tables. */
  get generation(): number {
    return metaOf(this.#db, 'generation') as number;
  }

  /** Makes the content of a journal file durable in the tables. `length`: how much of it must be whole. */
  index(path: string, generation: number, length = 0): void {
    const file = this.#read(path, length);
    const sorted = sortOut(file, generation, length);
    const tail = this.#writer.tail;
    this.#db.exec('begin immediate');
    try {
      this.#erase();
      const convs = [...sorted.events.keys()].sort((a, b) => a - b);
      for (const conv of convs) this.#putConversation(file, conv, sorted.events.get(conv)!);
      this.#writer.flush();
      for (const start of sorted.changes) this.#change(file, start);
      for (const conv of convs) this.#keys.extend(conv);
      for (const start of sorted.cursors.values()) this.#moveCursor(file, start);
      this.#writer.sync();
      this.#setMeta.run('tail', this.#writer.tail);
      this.#setMeta.run('generation', generation);
      this.#db.exec('commit');
    } catch (error) {
      this.#writer.rewind(tail);
      this.#keys.forget();
      // SQLite has rolled back by itself after some errors.
      if (this.#db.isTransaction) this.#db.exec('rollback');
      throw error;
    }
    this.#keys.trim();
  }

  /** Folds the tables' own write-ahead file in, when it is long. */
  checkpoint(always = false): void {
    const { log } = this.#db.prepare('pragma wal_checkpoint(noop)').get() as { log: number };
    if (always || log >= checkpointPages) this.#db.exec('pragma wal_checkpoint(passive)');
  }

  close(): void {
    this.#reader.close();
    this.#writer.close();
    this.#db.close();
  }

  /** Overwrites what replacements left. No reader is there any more: the next request follows the answer to the last. */
  #erase(): void {
    const places = this.#db.prepare('select position, size from erasures').all() as {
      position: number;
      size: number;
    }[];
    if (places.length === 0) return;
    for (const { position, size } of places) this.#writer.write(position, Buffer.alloc(size));
    this.#db.exec('delete from erasures');
  }

  #read(path: string, length: number): Block {
    const fd = openSync(path, 'r');
    try {
      const size = length || fstatSync(fd).size;
      if (this.#file.length < size) this.#file = Buffer.allocUnsafeSlow(size);
      let done = 0;
      while (done < size) {
        const count = readSync(fd, this.#file, done, size - done, done);
        if (count === 0) break;
        done += count;
      }
      return blockOf(this.#file.subarray(0, done));
    } finally {
      closeSync(fd);
    }
  }

  #putConversation(file: Block, conv: number, starts: readonly number[]): void {
    const { view } = file;
    const first = view.getUint32(starts[0]! + at.seq, true);
    if (first === 1) this.#begin(conv, convOf(file, starts[0]!));
    const hashes = this.#keys.hashesOf(conv, first);
    for (let begin = 0; begin < starts.length; ) {
      let end = begin;
      let size = 0;
      while (end < starts.length && end - begin < segmentEvents) {
        const more = storedSize(file, starts[end]!);
        if (end > begin && size + more > segmentBytes) break;
        size += more;
        end++;
      }
      const position = this.#writer.append(size, (block, offset) => {
        let to = offset;
        for (let i = begin; i < end; i++) {
          to = copyStored(file, starts[i]!, block, to);
          hashes.push(view.getUint32(starts[i]! + at.hash, true));
        }
      });
      const last = starts[end - 1]!;
      this.#addSegment.run(
        conv,
        view.getUint32(starts[begin]! + at.seq, true),
        view.getUint32(last + at.seq, true),
        view.getUint32(last + at.n, true),
        view.getFloat64(last + at.ts, true),
        position,
        size,
      );
      begin = end;
    }
  }

  /** What an event with a target or replacements needs besides, once the new segments are in their file. */
  #change(file: Block, start: number): void {
    const { view } = file;
    const conv = view.getUint32(start + at.conv, true);
    const seq = view.getUint32(start + at.seq, true);
    const target = view.getUint32(start + at.target, true);
    if (target > 0) this.#addChange.run(conv, target, seq);
    eachReplacement(file, start, (replaced, raw) => {
      // What is stored later than its replacement is another event than was meant.
      if (replaced <= seq) this.#replace(conv, replaced, raw);
    });
  }

  #begin(conv: number, name: string): void {
    this.#addConversation.run(conv, name);
    const parsed = parseConv(name);
    if (parsed?.kind !== 'direct') return;
    for (const uid of new Set([parsed.a, parsed.b])) this.#addDirect.run(uid, conv);
  }

  #replace(conv: number, seq: number, raw: Uint8Array): void {
    const row = this.#segmentOf.get(conv, seq) as
      | { first: number; position: number; size: number }
      | undefined;
    if (!row) return;
    const old = this.#reader.read(row.position, row.size);
    const changed = blockOf(Buffer.alloc(row.size + raw.length));
    let size = 0;
    for (let start = 0; start < row.size; start += old.view.getUint32(start, true)) {
      const hit = old.view.getUint32(start + at.seq, true) === seq;
      size = copyStored(old, start, changed, size, hit ? raw : undefined);
    }
    const bytes = changed.bytes.subarray(0, size);
    const position = this.#writer.append(size, (block, offset) => block.bytes.set(bytes, offset));
    this.#writer.flush();
    this.#putSegment.run(conv, row.first, position, size);
    this.#addErasure.run(row.position, row.size);
  }

  #moveCursor(file: Block, start: number): void {
    const { view } = file;
    this.#putCursor.run(
      view.getUint32(start + at.conv, true),
      fromOf(file, start),
      view.getUint32(start + at.seq, true),
      view.getUint32(start + at.n, true),
      view.getUint32(start + at.target, true),
    );
  }
}

function sortOut(file: Block, generation: number, length: number): Sorted {
  const { bytes, view } = file;
  const events = new Map<number, number[]>();
  const changes: number[] = [];
  const cursors = new Map<string, number>();
  // What this process wrote is not checked again.
  const checked = length === 0;
  const end = eachRecord(file, generation, checked, (recordStart, recordEnd) => {
    for (let start = recordStart; start < recordEnd; start += view.getUint32(start, true)) {
      if ((bytes[start + at.flags]! & flags.dropped) !== 0) continue;
      const conv = view.getUint32(start + at.conv, true);
      if (bytes[start + at.kind] === kinds.cursor) {
        cursors.set(`${conv} ${fromOf(file, start)}`, start);
        continue;
      }
      if (view.getUint32(start + at.target, true) > 0 || view.getUint16(start + at.replaces, true) > 0)
        changes.push(start);
      const starts = events.get(conv);
      if (starts) starts.push(start);
      else events.set(conv, [start]);
    }
  });
  if (end < length)
    throw new Error(`generation ${generation} of the journal is damaged at byte ${end} of ${length}`);
  return { events, changes, cursors };
}
