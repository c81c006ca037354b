import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { StoreLocked } from '../../../store/lock.ts';
import { openSqliteSessions } from '../../../store/sessions/sqlite.ts';
import { SqliteConnection } from '../../../store/sqlite/connection.ts';
import { sessionsConformance } from '../sessions.conformance.ts';

sessionsConformance('SQLite', async (now) => {
  const dir = await mkdtemp(join(tmpdir(), 'petrel-sessions-'));
  let store = await openSqliteSessions({ dir, now });
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openSqliteSessions({ dir, now });
      return store;
    },
    remove: async () => {
      await store.close();
      await rm(dir, { recursive: true });
    },
  };
});

test('refuses a second opener with StoreLocked, and its files are for their owner only', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'petrel-sessions-'));
  const store = await openSqliteSessions({ dir });
  await assert.rejects(openSqliteSessions({ dir }), StoreLocked);
  for (const file of await readdir(dir))
    assert.equal((await stat(join(dir, file))).mode & 0o777, 0o600, file);
  await store.close();
  await (await openSqliteSessions({ dir })).close();
  await rm(dir, { recursive: true });
});

test('takes up what a version without devices stored', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'petrel-sessions-'));
  const before = await SqliteConnection.open(join(dir, 'sessions.db'));
  await before.run(`create table sessions (
    uid text, client_id text, created_at integer not null, expiry_seconds integer not null, disconnected_at integer,
    expires_at integer, positions text not null, subscriptions text not null, silenced text not null,
    received text not null, primary key (uid, client_id)) without rowid`);
  await before.run(
    `insert into sessions values ('alice', 'phone', 1, 4294967295, 2, null, '{"g:team":3}', '[]', '[]', '[]')`,
  );
  await before.close();
  const store = await openSqliteSessions({ dir });
  const { did, positions } = (await store.get('alice', 'phone'))!;
  assert.deepEqual([did, positions], [undefined, { 'g:team': 3 }]);
  assert.deepEqual(await store.sessionsOf('alice'), [{ uid: 'alice', clientId: 'phone' }]);
  await store.close();
  await (await openSqliteSessions({ dir })).close();
  await rm(dir, { recursive: true });
});
