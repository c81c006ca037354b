import assert from 'node:assert/strict';
import process from 'node:process';
import { after, before, describe, it } from 'node:test';
import { createConnection } from 'mysql2/promise';
import { openMysqlDirectory } from '../../../store/directory/sql/mysql.ts';
import { findMariaDb, type MariaDb, startMariaDb } from '../../servers/mariadb.ts';
import { withReal } from '../../servers/not-available.ts';
import { freePort } from '../../servers/process.ts';
import { everyConformance } from './every.ts';

await withReal('mariadb', findMariaDb, () =>
  describe('with a real server', () => {
    let server: MariaDb;
    before(async () => {
      server = await startMariaDb();
    });
    after(() => server.stop());

    // One database for all: to make its tables for each test would take longer than the tests.
    let url: string | undefined;
    const open = async () => {
      if (url === undefined) url = await server.createDatabase();
      else await emptyTables(url);
      const database = url;
      let directory = await openMysqlDirectory({ url: database });
      return {
        directory,
        async reopen() {
          await directory.close();
          directory = await openMysqlDirectory({ url: database });
          return directory;
        },
        end: () => directory.close(),
      };
    };
    everyConformance('MariaDB', open);

    it('says that it is not available while the server does not answer, and goes on by itself', async (t) => {
      const { pid } = server;
      if (pid === undefined) return t.diagnostic('the server is not ours to stop');
      const url = await server.createDatabase();
      const directory = await openMysqlDirectory({ url, statementTimeoutMs: 1000 });
      const user = { uid: 'alice', createdAt: 1, origin: 'token' as const };
      process.kill(pid, 'SIGSTOP');
      try {
        await assert.rejects(directory.createUser(user), { code: 'store.unavailable' });
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      await directory.check();
      assert.equal(typeof (await directory.createUser(user)), 'boolean');
      assert.notEqual(await directory.getUser('alice'), undefined);
      await directory.close();
    });

    it('says that it is not available where nobody listens', async () => {
      const url = `mysql://root@127.0.0.1:${await freePort()}/petrel`;
      await assert.rejects(openMysqlDirectory({ url }));
    });
  }),
);

/** Takes every row of the directory out of the database. */
async function emptyTables(url: string): Promise<void> {
  const connection = await createConnection({ uri: url });
  try {
    const [tables] = await connection.query('show tables');
    for (const row of tables as object[]) {
      const [name] = Object.values(row) as string[];
      if (!name!.startsWith('petrel_migrations')) await connection.query(`delete from ${name}`);
    }
  } finally {
    await connection.end();
  }
}
