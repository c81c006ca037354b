import assert from 'node:assert/strict';
import process from 'node:process';
import { after, before, describe, it } from 'node:test';
import { issueToken } from '../../cli/issue-token.ts';
import { createConfig } from '../../schemas/config.ts';
import { directConv } from '../../schemas/event.ts';
import { findMariaDb, type MariaDb, startMariaDb } from '../servers/mariadb.ts';
import { withReal } from '../servers/not-available.ts';
import { textMessage } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';
import { until } from '../support/until.ts';

await withReal('mariadb', findMariaDb, () =>
  describe('a server whose directory is on MySQL', () => {
    let database: MariaDb;
    let petrel: Petrel;
    let url: string;
    before(async () => {
      database = await startMariaDb();
      url = await database.createDatabase();
      petrel = new Petrel({ PETREL_STORE_DIRECTORY: url });
      await petrel.start();
    });
    after(async () => {
      await petrel.remove();
      await database.stop();
    });

    it('keeps accounts and groups there over kill -9', async () => {
      const account = { uid: 'registered', password: 'correct horse' };
      assert.equal((await petrel.api().post('/auth/register', account)).status, 201);
      const [alice, bob] = await petrel.users('alice', 'bob');
      const gid = await alice.createGroup([bob]);
      await (await alice.connect()).publish(`send/g/${gid}`, textMessage('c-1', 'hi'));
      await petrel.kill();
      await petrel.start();
      assert.equal((await petrel.api().post('/auth/login', account)).status, 200);
      const again = await bob.connect();
      const ack = await again.publish(`send/g/${gid}`, textMessage('c-2', 'ho'));
      assert.equal(ack.reason, 0);
      assert.deepEqual((await bob.api.get<{ memberCount: number }>(`/groups/${gid}`)).body.memberCount, 2);
    });

    it('has the keys there that the command line signs with', async () => {
      const config = createConfig({ dataDir: petrel.dataDir, store: { directory: url } });
      const token = await issueToken(config, { uid: 'operator', ttl: 60, scope: 'admin' });
      const me = await petrel.api(token).get<{ uid: string }>('/me');
      assert.deepEqual([me.status, me.body.uid], [200, 'operator']);
    });

    it('refuses what it cannot know while the database does not answer, and goes on by itself', async (t) => {
      const { pid } = database;
      if (pid === undefined) return t.diagnostic('the server is not ours to stop');
      const [alice, bob, carol] = await petrel.users('alice', 'bob', 'carol');
      const sender = await alice.connect();
      const sent = await sender.publish(`send/u/${bob.uid}`, textMessage('c-1', 'before'));
      assert.equal(sent.reason, 0);
      process.kill(pid, 'SIGSTOP');
      try {
        // Who is known as a partner is written to all the same; of another nobody knows whether they may.
        const known = await sender.publish(`send/u/${bob.uid}`, textMessage('c-2', 'meanwhile'));
        assert.equal(known.reason, 0);
        const id = sender.post(`send/u/${carol.uid}`, textMessage('c-3', 'meanwhile'));
        // The server waits ten seconds for its database.
        assert.equal((await sender.acked(id, 20_000)).reason, 0x83);
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      await until('a send that is taken', async () => {
        const { reason } = await sender.publish(`send/u/${carol.uid}`, textMessage('c-3', 'meanwhile'));
        return reason === 0;
      });
      const conv = directConv(alice.uid, carol.uid);
      const { body } = await alice.api.get<{ events: unknown[] }>(`/conversations/${conv}/messages`);
      assert.equal(body.events.length, 1);
    });
  }),
);
