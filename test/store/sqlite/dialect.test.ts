import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Kysely, sql } from 'kysely';
import { PetrelError } from '../../../schemas/errors.ts';
import { SqliteError } from '../../../store/sqlite/connection.ts';
import { sqliteDialect } from '../../../store/sqlite/dialect.ts';

interface Tables {
  items: { id: number; text: string };
}

const unavailable = (error: unknown) => error instanceof PetrelError && error.code === 'store.unavailable';

describe('SQLite in a thread', () => {
  let dir: string;
  let db: Kysely<Tables>;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'petrel-sqlite-'));
    db = new Kysely<Tables>({ dialect: sqliteDialect(join(dir, 'test.db')) });
    await sql`create table items (id integer primary key, text text not null unique)`.execute(db);
  });
  afterEach(async () => {
    await db.destroy();
    await rm(dir, { recursive: true });
  });

  const add = (id: number, to: Kysely<Tables> = db) =>
    to
      .insertInto('items')
      .values({ id, text: `t${id}` })
      .execute();
  const ids = async () =>
    (await db.selectFrom('items').select('id').orderBy('id').execute()).map(({ id }) => id);

  it('is set to survive the loss of power, and to wait for other processes', async () => {
    const pragma = async (name: string) => {
      const { rows } = await sql.raw<Record<string, unknown>>(`pragma ${name}`).execute(db);
      return Object.values(rows[0]!)[0];
    };
    assert.deepEqual(
      [await pragma('journal_mode'), await pragma('synchronous'), await pragma('foreign_keys')],
      ['wal', 2, 1],
    );
    assert.ok(Number(await pragma('busy_timeout')) > 0);
  });

  it('runs statements in the order of calling, without waiting for each answer', async () => {
    const [, , count] = await Promise.all([add(1), add(2), ids()]);
    assert.deepEqual(count, [1, 2]);
  });

  it('keeps other statements out of a transaction', async () => {
    let outside: Promise<unknown> | undefined;
    let seen: Promise<number[]> | undefined;
    const transaction = db.transaction().execute(async (tx) => {
      await add(1, tx);
      outside = add(2);
      seen = ids();
      await add(3, tx);
      throw new Error('changed my mind');
    });
    await assert.rejects(transaction, /changed my mind/);
    await outside;
    assert.deepEqual(await seen, [2]);
    assert.deepEqual(await ids(), [2]);
  });

  it('runs transactions one after the other', async () => {
    await add(1);
    await Promise.all(
      Array.from({ length: 20 }, () =>
        db.transaction().execute(async (tx) => {
          const { id } = await tx
            .selectFrom('items')
            .select('id')
            .orderBy('id', 'desc')
            .executeTakeFirstOrThrow();
          await add(id + 1, tx);
        }),
      ),
    );
    assert.equal((await ids()).length, 21);
  });

  it('tells what is wrong with a statement by its code, and goes on', async () => {
    await add(1);
    await assert.rejects(add(1), (error) => error instanceof SqliteError && error.code === 1555);
    const same = db.insertInto('items').values({ id: 2, text: 't1' }).execute();
    await assert.rejects(same, (error) => error instanceof SqliteError && error.code === 2067);
    await assert.rejects(sql`select nonsense`.execute(db), SqliteError);
    assert.deepEqual(await ids(), [1]);
  });

  it('says that it is not available while the disk is full, keeps nothing half, and works again', async () => {
    const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(db);
    const limit = rows[0]!.page_count + 2;
    await sql.raw(`pragma max_page_count = ${limit}`).execute(db);
    const large = 'x'.repeat(100_000);
    const transaction = db.transaction().execute(async (tx) => {
      await add(1, tx);
      await tx.insertInto('items').values({ id: 2, text: large }).execute();
    });
    await assert.rejects(transaction, unavailable);
    assert.deepEqual(await ids(), []);
    await add(3);
    await sql.raw(`pragma max_page_count = ${limit + 1000}`).execute(db);
    await db.insertInto('items').values({ id: 4, text: large }).execute();
    assert.deepEqual(await ids(), [3, 4]);
  });

  it('does not open a file in a folder that is not there', async () => {
    const nowhere = new Kysely<Tables>({ dialect: sqliteDialect(join(dir, 'no', 'such', 'folder.db')) });
    await assert.rejects(sql`select 1`.execute(nowhere));
  });
});
