import assert from 'node:assert/strict';
import process from 'node:process';
import { after, before, describe, it } from 'node:test';
import { findMongo, type MongoServer, startMongo } from '../servers/mongodb.ts';
import { withReal } from '../servers/not-available.ts';
import { textMessage } from '../support/chat-client.ts';
import { assertCrashSafe } from '../support/crash.ts';
import { Petrel } from '../support/petrel.ts';
import { until } from '../support/until.ts';

await withReal('mongodb', findMongo, () =>
  describe('a server whose timeline is on MongoDB', () => {
    let database: MongoServer;
    let petrel: Petrel;
    before(async () => {
      database = await startMongo();
      petrel = new Petrel({ PETREL_STORE_TIMELINE: database.newDatabase() });
      await petrel.start();
    });
    after(async () => {
      await petrel.remove();
      await database.stop();
    });

    it('refuses with 0x83 while the database does not answer, and takes the same again afterwards', async (t) => {
      const { pid } = database;
      if (pid === undefined) return t.diagnostic('the server is not ours to stop');
      const [alice, bob] = await petrel.users('alice', 'bob');
      const sender = await alice.connect();
      const receiver = await bob.connect();
      const message = textMessage('c-1', 'meanwhile');
      process.kill(pid, 'SIGSTOP');
      try {
        const id = sender.post(`send/u/${bob.uid}`, message);
        // The server waits ten seconds for its database.
        const { reason } = await sender.acked(id, 20_000);
        assert.equal(reason, 0x83);
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      const taken = await until('a send that is taken', async () => {
        const ack = await sender.publish(`send/u/${bob.uid}`, message);
        return ack.reason === 0 ? ack : undefined;
      });
      assert.equal(taken.properties.seq, '1');
      const [event] = await receiver.events(1);
      assert.equal(event!.id, 'c-1');
    });

    it('loses, repeats and reorders nothing when it is killed', (t) => assertCrashSafe(petrel, t, 2));
  }),
);
