import type {
  DatabaseSyncInstance as DatabaseSync,
  StatementSyncInstance as StatementSync,
} from '@photostructure/sqlite';
import type { Head } from '../../../schemas/event.ts';
import type { Cursor } from '../../timeline.ts';
import { at, type Block, sameKey } from './entry.ts';
import { chunkMatches, eachHash } from './keys.ts';
import { SegmentReader } from './segment-files.ts';
import { metaOf, openTables, segmentId } from './tables.ts';

export interface StoredCursor {
  readonly uid: string;
  readonly delivered: number;
  readonly read: number;
  readonly readN: number;
}

/** How far the hashes of a conversation were visited: up to a seq, and in the run after it up to a hash. */
export interface HashProgress {
  after: number;
  runLast: number;
  hash: number;
}

const ofConversation = `id between ${segmentId('0')} and ${segmentId('4294967295')}`;
/** Segments that may hold seqs ?2 (or what is after it) and on. */
const fromSeq = `id >= coalesce((select max(id) from segments where id between ${segmentId('0')} and ${segmentId('?2')}), ${segmentId('0')})`;

/** What the index thread has put into the tables, as the commit thread reads it. */
export class Tables {
  readonly #db: DatabaseSync;
  readonly #files: SegmentReader;
  readonly #conversation: StatementSync;
  readonly #head: StatementSync;
  readonly #segments: StatementSync;
  readonly #changes: StatementSync;
  readonly #directs: StatementSync;
  readonly #cursor: StatementSync;
  readonly #cursorsOf: StatementSync;
  readonly #chunks: StatementSync;
  readonly #runsEnd: StatementSync;
  readonly #run: StatementSync;
  readonly #runChunks: StatementSync;
  readonly #conversationsFrom: StatementSync;
  readonly #cursorsFrom: StatementSync;

  constructor(dir: string) {
    this.#db = openTables(dir, false);
    this.#files = new SegmentReader(dir);
    const prepare = (sql: string): StatementSync => this.#db.prepare(sql);
    this.#conversation = prepare('select id from conversations where name = ?');
    this.#head = prepare(`select last, n, ts from segments where ${ofConversation} order by id desc limit 1`);
    this.#segments = prepare(
      `select position, size from segments where ${fromSeq} and id <= ${segmentId('?3')} order by id`,
    );
    this.#changes = prepare(
      'select seq from changes where conv = ? and target between ? and ? and seq > ? order by seq',
    );
    this.#directs = prepare(`select c.name, s.last, s.n, s.ts from directs d
      join conversations c on c.id = d.conv
      join segments s on s.id = (select max(id) from segments where id between d.conv << 32 and (d.conv << 32) | 4294967295)
      where d.uid = ?`);
    this.#cursor = prepare('select delivered, read, read_n as readN from cursors where conv = ? and uid = ?');
    this.#cursorsOf = prepare(`select uid, delivered, read, read_n as readN from cursors
      where conv = ? and uid > ? order by uid limit ?`);
    this.#chunks = prepare(`select r.first, (select data from keys k
      where k.conv = r.conv and k.run = r.first and k.hash <= ?2 order by k.hash desc limit 1) as data
      from runs r where r.conv = ?1 order by r.first desc`);
    this.#runsEnd = prepare('select max(last) as last from runs where conv = ?');
    this.#run = prepare('select first, last from runs where conv = ? and last > ? order by first limit 1');
    this.#runChunks = prepare(
      'select hash, data from keys where conv = ? and run = ? and hash > ? order by hash limit 50',
    );
    this.#conversationsFrom = prepare(
      'select id, name from conversations where name >= ? order by name limit ?',
    );
    this.#cursorsFrom = prepare(`select c.name as conv, k.uid, k.delivered, k.read, k.read_n as readN
      from conversations c cross join cursors k on k.conv = c.id
      where c.name >= ?1 and (c.name > ?1 or k.uid > ?2) order by c.name, k.uid limit ?3`);
  }

  /** Conversations in the order of their names, this one and those behind it. */
  conversationsFrom(name: string, limit: number): { id: number; name: string }[] {
    return this.#conversationsFrom.all(name, limit) as { id: number; name: string }[];
  }

  /** Cursors in the order of conversation and user, behind this one. */
  cursorsFrom(conv: string, uid: string, limit: number): Cursor[] {
    return this.#cursorsFrom.all(conv, uid, limit) as unknown as Cursor[];
  }

  /** Changes with every event that is indexed: where its file ends. */
  mark(): string {
    return String(metaOf(this.#db, 'tail'));
  }

  /** The secret of the store's hash. */
  secret(): Uint8Array {
    return metaOf(this.#db, 'secret') as Uint8Array;
  }

  lastConversation(): number {
    const row = this.#db.prepare('select max(id) as id from conversations').get() as { id: number | null };
    return row.id ?? 0;
  }

  conversation(name: string): { number: number; head: Head } | undefined {
    const row = this.#conversation.get(name) as { id: number } | undefined;
    if (!row) return undefined;
    const { last, n, ts } = this.#head.get(row.id) as { last: number; n: number; ts: number };
    return { number: row.id, head: { seq: last, n, ts } };
  }

  /** Visits the events from seq `first` to `last`, both inclusive, in order. */
  events(conv: number, first: number, last: number, visit: (block: Block, start: number) => void): void {
    for (const { position, size } of this.#segments.all(conv, first, last) as {
      position: number;
      size: number;
    }[]) {
      const block = this.#files.read(position, size);
      const { view } = block;
      for (let start = 0; start < size; start += view.getUint32(start, true)) {
        const seq = view.getUint32(start + at.seq, true);
        if (seq > last) return;
        if (seq >= first) visit(block, start);
      }
    }
  }

  changes(conv: number, from: number, to: number, after: number): number[] {
    return (this.#changes.all(conv, from, to, after) as { seq: number }[]).map(({ seq }) => seq);
  }

  directs(uid: string): { conv: string; head: Head }[] {
    return (this.#directs.all(uid) as { name: string; last: number; n: number; ts: number }[]).map(
      ({ name, last, n, ts }) => ({ conv: name, head: { seq: last, n, ts } }),
    );
  }

  cursor(conv: number, uid: string): Omit<StoredCursor, 'uid'> | undefined {
    return this.#cursor.get(conv, uid) as Omit<StoredCursor, 'uid'> | undefined;
  }

  cursorsOf(conv: number, afterUid: string, limit: number): StoredCursor[] {
    return this.#cursorsOf.all(conv, afterUid, limit) as StoredCursor[];
  }

  /** The place of the event with the key of the entry at `start`. */
  find(conv: number, hash: number, block: Block, start: number): Head | undefined {
    let found: Head | undefined;
    const compare = (stored: Block, offset: number): void => {
      const { view } = stored;
      if (view.getUint32(offset + at.hash, true) !== hash || !sameKey(stored, offset, block, start)) return;
      found = {
        seq: view.getUint32(offset + at.seq, true),
        n: view.getUint32(offset + at.n, true),
        ts: view.getFloat64(offset + at.ts, true),
      };
    };
    this.events(conv, this.#endOfRuns(conv) + 1, 0xffff_ffff, compare);
    if (found) return found;
    for (const { first, data } of this.#chunks.all(conv, hash) as {
      first: number;
      data: Uint8Array | null;
    }[]) {
      if (!data) continue;
      for (const seq of chunkMatches(data, hash, first)) {
        this.events(conv, seq, seq, compare);
        if (found) return found;
      }
    }
    return undefined;
  }

  /** Visits the hashes of some more of the conversation's events, and notes how far it has been. */
  hashes(conv: number, progress: HashProgress, visit: (hash: number) => void): void {
    const run = this.#run.get(conv, progress.after) as { first: number; last: number } | undefined;
    if (!run) {
      this.events(conv, progress.after + 1, 0xffff_ffff, ({ view }, start) => {
        visit(view.getUint32(start + at.hash, true));
        progress.after = view.getUint32(start + at.seq, true);
      });
      return;
    }
    if (progress.runLast !== run.last) {
      // The first one, the next one, or one that was merged with others meanwhile.
      progress.runLast = run.last;
      progress.hash = -1;
    }
    const rows = this.#runChunks.all(conv, run.first, progress.hash) as { hash: number; data: Uint8Array }[];
    for (const { hash, data } of rows) {
      eachHash(data, visit);
      progress.hash = hash;
    }
    if (rows.length === 0) progress.after = run.last;
  }

  close(): void {
    this.#files.close();
    this.#db.close();
  }

  #endOfRuns(conv: number): number {
    return (this.#runsEnd.get(conv) as { last: number | null }).last ?? 0;
  }
}
