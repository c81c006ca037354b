import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PetrelError } from '../../schemas/errors.ts';
import type { CustomEntry, CustomRecord, CustomStore, KeptEntry } from '../custom.ts';
import { lockFile } from '../lock.ts';
import { SqliteConnection } from '../sqlite/connection.ts';
import { Batch, type Holder } from './batch.ts';
import { schema, statementsOf } from './statements.ts';

export interface SqliteCustomOptions {
  /** The folder of `custom.db`; made where it is missing. */
  readonly dir: string;
}

/** How long removals wait for a transaction that is written anyway, and how many of them at most. */
const lazyMs = 200;
const maxLazy = 10_000;
/** Rows that are read at once. */
const pageRows = 500;

/** The embedded store of custom topics. Throws StoreLocked where another process has it. */
export async function openSqliteCustom({ dir }: SqliteCustomOptions): Promise<CustomStore> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const unlock = lockFile(join(dir, 'custom.lock'));
  let connection: SqliteConnection | undefined;
  try {
    connection = await SqliteConnection.open(join(dir, 'custom.db'));
    for (const statement of schema) await connection.run(statement);
    const last = `select max(coalesce((select max(id) from messages), 0), coalesce((select max(id) from entries), 0),
      coalesce((select max(sent) from entries), 0)) as last`;
    const { rows } = await connection.run(last);
    return new SqliteCustom(connection, unlock, (rows[0] as { last: number }).last);
  } catch (error) {
    await connection?.close();
    unlock();
    throw error;
  }
}

interface MessageRow {
  readonly id: number;
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1 | 2;
  readonly retain: number;
  readonly sender: string;
  readonly at: number;
  readonly properties: string | null;
}

interface EntryRow {
  readonly id: number;
  readonly session: string;
  readonly message: number;
  readonly qos: 1 | 2;
  readonly retain: number;
  readonly identifiers: string | null;
  readonly share: string | null;
  readonly packet_id: number;
  readonly sent: number;
  readonly received: number;
}

const recordOf = ({ topic, payload, qos, retain, sender, at, properties }: MessageRow): CustomRecord => ({
  ...{ topic, payload, qos, retain: retain === 1, from: sender, at },
  ...(properties === null ? {} : { properties }),
});

class SqliteCustom implements CustomStore {
  readonly #connection: SqliteConnection;
  readonly #unlock: () => void;
  /** The message of each entry. */
  readonly #entries = new Map<number, Holder>();
  readonly #holders = new WeakMap<CustomRecord, Holder>();
  /** Numbers messages, entries and their sending. */
  #last: number;
  #next = new Batch();
  #running: Batch | undefined;
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(connection: SqliteConnection, unlock: () => void, last: number) {
    this.#connection = connection;
    this.#unlock = unlock;
    this.#last = last;
  }

  async *entries(): AsyncGenerator<KeptEntry> {
    const messages = new Map<number, CustomRecord>();
    for await (const row of this.#pages<MessageRow>('messages', 'id')) {
      const record = recordOf(row);
      messages.set(row.id, record);
      this.#holders.set(record, { id: row.id, entries: 0, stored: true });
    }
    const rows: EntryRow[] = [];
    for await (const row of this.#pages<EntryRow>('entries', 'id')) rows.push(row);
    const place = ({ sent }: EntryRow): number => (sent === 0 ? Number.POSITIVE_INFINITY : sent);
    rows.sort((a, b) => (place(a) === place(b) ? a.id - b.id : place(a) - place(b)));
    for (const row of rows) {
      const message = messages.get(row.message);
      if (message === undefined) continue;
      const holder = this.#holders.get(message)!;
      holder.entries++;
      this.#entries.set(row.id, holder);
      yield {
        ...{ id: row.id, session: row.session, message, qos: row.qos, retain: row.retain === 1 },
        ...(row.identifiers === null ? {} : { identifiers: JSON.parse(row.identifiers) as number[] }),
        ...(row.share === null ? {} : { share: row.share }),
        ...(row.sent === 0 ? {} : { packetId: row.packet_id }),
        received: row.received === 1,
      };
    }
  }

  async *retained(): AsyncGenerator<CustomRecord> {
    for await (const row of this.#pages<MessageRow>('retained', 'topic')) yield recordOf(row);
  }

  async *wills(): AsyncGenerator<CustomRecord> {
    for await (const row of this.#pages<MessageRow>('wills', 'sender')) yield recordOf(row);
  }

  async *#pages<Row>(table: string, key: 'id' | 'topic' | 'sender'): AsyncGenerator<Row> {
    const text = `select * from ${table} where ${key} > ? order by ${key} limit ${pageRows}`;
    let after: unknown = key === 'id' ? 0 : '';
    for (;;) {
      const rows = (await this.#run(text, [after])) as Row[];
      yield* rows;
      if (rows.length < pageRows) return;
      after = (rows.at(-1) as Record<string, unknown>)[key];
    }
  }

  add(entry: CustomEntry): number {
    let holder = this.#holders.get(entry.message);
    if (holder === undefined) {
      holder = { id: ++this.#last, entries: 0, stored: false };
      this.#holders.set(entry.message, holder);
    }
    holder.entries++;
    const id = ++this.#last;
    this.#entries.set(id, holder);
    const { packetId } = entry;
    const sent = packetId === undefined ? 0 : id;
    this.#next.adds.set(id, { entry, holder, packetId: packetId ?? 0, sent, received: false });
    this.#soon();
    return id;
  }

  sent(id: number, packetId: number): void {
    if (!this.#entries.has(id)) return;
    const sent = ++this.#last;
    const added = this.#next.adds.get(id);
    if (added === undefined) this.#next.sent.set(id, { packetId, sent });
    else Object.assign(added, { packetId, sent });
    this.#later();
  }

  received(id: number): void {
    if (!this.#entries.has(id)) return;
    const added = this.#next.adds.get(id);
    if (added === undefined) this.#next.received.add(id);
    else added.received = true;
    this.#soon();
  }

  remove(id: number): void {
    const holder = this.#entries.get(id);
    if (holder === undefined) return;
    this.#entries.delete(id);
    holder.entries--;
    const next = this.#next;
    // What is gone before it was written is not written at all.
    if (!next.adds.delete(id)) next.removes.add(id);
    next.sent.delete(id);
    next.received.delete(id);
    if (holder.entries === 0 && holder.stored) next.emptied.add(holder);
    this.#later();
  }

  retain(message: CustomRecord): void {
    this.#next.retained.set(message.topic, message);
    this.#soon();
  }

  clear(topic: string): void {
    this.#next.retained.set(topic, undefined);
    this.#later();
  }

  will(message: CustomRecord): void {
    this.#next.wills.set(message.from, message);
    this.#later();
  }

  dropWill(session: string): void {
    this.#next.wills.set(session, undefined);
    this.#later();
  }

  written(): Promise<void> {
    if (this.#closed) return Promise.reject(new PetrelError('store.unavailable'));
    // What was asked for may have been taken back since.
    if (this.#next.changes > 0 || this.#next.urgent) {
      this.#soon();
      return this.#next.written;
    }
    return this.#running?.written ?? Promise.resolve();
  }

  async check(): Promise<void> {
    if (this.#closed) throw new PetrelError('store.unavailable');
    if (this.#next.changes === 0 && this.#writing === undefined) {
      // A transaction that writes nothing but has to get the lock and the log.
      await Promise.all([this.#run('begin immediate'), this.#run('commit')]);
      return;
    }
    await this.written();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    const left = this.written().catch(() => undefined);
    this.#closed = true;
    clearTimeout(this.#timer);
    await left;
    await this.#writing;
    await this.#connection.close();
    this.#unlock();
  }

  #later(): void {
    if (this.#next.changes >= maxLazy) this.#soon();
    else this.#delay();
  }

  #delay(): void {
    if (this.#writing !== undefined || this.#closed) return;
    this.#timer ??= setTimeout(() => this.#soon(), lazyMs).unref();
  }

  #soon(): void {
    this.#next.urgent = true;
    this.#writing ??= this.#drain();
  }

  async #drain(): Promise<void> {
    // The callers of this turn share one transaction.
    await new Promise<void>((resolve) => setImmediate(resolve));
    clearTimeout(this.#timer);
    this.#timer = undefined;
    do {
      const batch = this.#next;
      this.#next = new Batch();
      this.#running = batch;
      try {
        // All of it may have been taken back meanwhile.
        if (batch.changes > 0) await this.#write(batch);
        batch.resolve();
      } catch (error) {
        this.#failed(batch);
        batch.reject(error);
      } finally {
        this.#running = undefined;
      }
    } while (this.#next.urgent);
    this.#writing = undefined;
    if (this.#next.changes > 0) this.#delay();
  }

  async #write(batch: Batch): Promise<void> {
    await this.#run('begin immediate');
    try {
      for (const [text, ...parameters] of statementsOf(batch)) await this.#run(text, parameters);
      await this.#run('commit');
    } catch (error) {
      // After a full disk SQLite may have rolled back by itself.
      await this.#run('rollback').catch(() => undefined);
      throw error;
    }
  }

  #failed(batch: Batch): void {
    for (const [id, { holder }] of batch.adds) {
      holder.stored = false;
      if (!this.#entries.delete(id)) continue;
      holder.entries--;
      if (holder.entries === 0) this.#next.emptied.add(holder);
    }
    this.#next.inherit(batch);
  }

  /** Nothing the callers give can make a statement fail: any failure is the store's. */
  async #run(text: string, parameters: readonly unknown[] = []): Promise<readonly unknown[]> {
    try {
      return (await this.#connection.run(text, parameters)).rows;
    } catch (error) {
      if (error instanceof PetrelError) throw error;
      throw new PetrelError('store.unavailable', undefined, { cause: error });
    }
  }
}
