import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { StoreLocked } from '../../../store/lock.ts';
import { openSqliteSessions } from '../../../store/sessions/sqlite.ts';
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
