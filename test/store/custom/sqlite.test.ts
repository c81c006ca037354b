import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DatabaseSync } from '@photostructure/sqlite';
import { openSqliteCustom } from '../../../store/custom/sqlite.ts';
import type { CustomRecord } from '../../../store/custom.ts';
import { StoreLocked } from '../../../store/lock.ts';
import { customConformance } from '../custom.conformance.ts';

customConformance('SQLite', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'petrel-custom-'));
  let store = await openSqliteCustom({ dir });
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openSqliteCustom({ dir });
      return store;
    },
    remove: async () => {
      await store.close();
      await rm(dir, { recursive: true });
    },
  };
});

const message: CustomRecord = {
  ...{ topic: 't', payload: Buffer.from('x'), qos: 1, retain: false, from: 'a/a', at: 1 },
};
const entry = { session: 's/s', message, qos: 1, retain: false } as const;

async function inFolder(use: (dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'petrel-custom-'));
  try {
    await use(dir);
  } finally {
    await rm(dir, { recursive: true });
  }
}

test('refuses a second opener with StoreLocked, and its files are for their owner only', () =>
  inFolder(async (dir) => {
    const store = await openSqliteCustom({ dir });
    await assert.rejects(openSqliteCustom({ dir }), StoreLocked);
    for (const file of await readdir(dir))
      assert.equal((await stat(join(dir, file))).mode & 0o777, 0o600, file);
    await store.close();
  }));

test('leaves no row when all entries have gone', () =>
  inFolder(async (dir) => {
    const store = await openSqliteCustom({ dir });
    const ids = [store.add(entry), store.add(entry)];
    await store.written();
    store.sent(ids[0]!, 1);
    await store.written();
    for (const id of ids) store.remove(id);
    await store.close();
    const database = new DatabaseSync(join(dir, 'custom.db'));
    for (const table of ['messages', 'entries', 'retained'])
      assert.deepEqual(database.prepare(`select * from ${table}`).all(), [], table);
    database.close();
  }));

test('forgets the entries of a transaction that fails, and makes its removals with the next', () =>
  inFolder(async (dir) => {
    const store = await openSqliteCustom({ dir });
    const old = store.add(entry);
    store.retain({ ...message, topic: 'kept', retain: true });
    await store.written();
    const other = new DatabaseSync(join(dir, 'custom.db'));
    // Whatever is inserted fails, as on a full disk.
    other.exec("create trigger full before insert on entries begin select raise(abort, 'full'); end");
    store.remove(old);
    const lost = store.add({ ...entry, message: { ...message, topic: 'lost' } });
    store.clear('kept');
    store.retain({ ...message, topic: 'lost', retain: true });
    await assert.rejects(store.written(), { code: 'store.unavailable' });
    other.exec('drop trigger full');
    other.close();
    store.sent(lost, 5);
    const later = store.add(entry);
    await store.written();
    await store.close();
    const again = await openSqliteCustom({ dir });
    const found = [];
    for await (const {
      id,
      message: { topic },
    } of again.entries())
      found.push([id, topic]);
    assert.deepEqual(found, [[later, 't']]);
    for await (const { topic } of again.retained()) assert.fail(`${topic} is retained`);
    await again.close();
  }));
