import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { makeFile } from '../../lock.ts';

/**
 * The indexed part of the timeline, behind the journal.
 *
 * segments: where in the segment files up to 64 events of one conversation are, stored entries one after another; its
 *   key is the number of the conversation and the first seq in one integer, so that a conversation lies together and
 *   its head is its last row.
 * erasures: places in those files that a replacement left and that are to be overwritten.
 * runs, keys: the repeat keys of a conversation's older segments, sorted by hash; the newest segments are searched
 *   themselves. See keys.ts.
 */
const schema = `
  create table if not exists meta (name text primary key, value any not null) without rowid;
  create table if not exists conversations (id integer primary key, name text not null unique);
  create table if not exists directs (uid text, conv integer, primary key (uid, conv)) without rowid;
  create table if not exists segments (
    id integer primary key, last integer not null, n integer not null, ts integer not null,
    position integer not null, size integer not null);
  create table if not exists erasures (position integer primary key, size integer not null);
  create table if not exists runs (
    conv integer, first integer, last integer not null, level integer not null,
    primary key (conv, first)) without rowid;
  create table if not exists keys (
    conv integer, run integer, hash integer, data blob not null, primary key (conv, run, hash)) without rowid;
  create table if not exists changes (conv integer, target integer, seq integer,
    primary key (conv, target, seq)) without rowid;
  create table if not exists cursors (
    conv integer, uid text, delivered integer not null, read integer not null, read_n integer not null,
    primary key (conv, uid)) without rowid;
`;

/** The version of tables and journal together; a newer store is refused. */
const formatVersion = 1;

const segmentSpan = 2 ** 32;

/** In SQL: the key of a segment of conversation ?1 that begins with seq `seq`. */
export const segmentId = (seq: string): string => `((?1 << 32) | ${seq})`;

/** The seq a segment begins with. */
export const firstOf = (id: number | bigint): number => Number(BigInt(id) & BigInt(segmentSpan - 1));

/** Opens the tables, made on first use; `writer` is the index thread's, which alone changes them. */
export function openTables(dir: string, writer: boolean, maxPages?: number): DatabaseSyncInstance {
  const path = join(dir, 'timeline.db');
  // -wal and -shm take their mode from the file.
  makeFile(path);
  const db = new DatabaseSync(path, { timeout: 5000 });
  if (!writer) {
    db.exec('pragma query_only = 1; pragma cache_size = -8192');
    return db;
  }
  db.exec('pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = 0');
  db.exec('pragma cache_size = -16384; pragma journal_size_limit = 67108864');
  if (maxPages !== undefined) db.exec(`pragma max_page_count = ${maxPages}`);
  db.exec(`begin immediate; ${schema} commit`);
  const setup = db.prepare('insert or ignore into meta values (?, ?)');
  setup.run('format', formatVersion);
  setup.run('secret', randomBytes(8));
  setup.run('generation', 0);
  setup.run('tail', 0);
  const format = metaOf(db, 'format');
  if (format !== formatVersion) throw new Error(`${path} has format ${String(format)}, not ${formatVersion}`);
  return db;
}

export const metaOf = (db: DatabaseSyncInstance, name: string): unknown =>
  (db.prepare('select value from meta where name = ?').get(name) as { value: unknown } | undefined)?.value;
