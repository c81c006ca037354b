import assert from 'node:assert/strict';
import process from 'node:process';
import { describe, it } from 'node:test';
import { withReal } from '../servers/not-available.ts';
import { findOwnRedis, startOwnRedis } from '../servers/redis.ts';
import type { ChatClient } from '../support/chat-client.ts';
import { twoNodes } from '../support/two-nodes.ts';
import { until } from '../support/until.ts';
import type { User } from '../support/user.ts';

const requestPerSecond = 2;

/** Nodes that share who is there, each with a directory of its own. */
await withReal('redis', findOwnRedis, () =>
  describe('people on two nodes', () => {
    const both = twoNodes(startOwnRedis, { PETREL_LIMITS_REQUEST_PER_SECOND: String(requestPerSecond) });
    const { userOnBoth } = both;
    const operator = (): User => both.nodes[0].known('operator', { scope: 'admin' });
    const connectionsOf = async (uid: string) => {
      const { body } = await operator().api.get<{ items: { clientId: string; node: string }[] }>(
        `/admin/connections?uid=${uid}`,
      );
      return body.items;
    };
    const nextState = async (watcher: ChatClient, uid: string, timeoutMs?: number): Promise<boolean> => {
      const packet = await watcher.next('publish', ({ topic }) => topic === `presence/${uid}`, timeoutMs);
      return (JSON.parse(packet.payload.toString()) as { online: boolean }).online;
    };
    /** A friend of the user, who has to be known to the first node. */
    const watching = async (alice: User, bob: User): Promise<ChatClient> => {
      await (await bob.connect()).disconnect();
      const watcher = await alice.connect();
      const { body } = await alice.api.post<{ id: string }>('/friends/requests', { uid: bob.uid });
      assert.equal((await bob.api.post(`/friends/requests/${body.id}/accept`)).status, 200);
      assert.deepEqual(await watcher.subscribe([`presence/${bob.uid}`]), [1]);
      return watcher;
    };

    it('watch each other, come and go', async () => {
      const [alice] = userOnBoth('alice');
      const [bobA, bobB] = userOnBoth('bob');
      const watcher = await watching(alice, bobA);
      await until('offline', async () => !(await nextState(watcher, bobA.uid)));
      const atB = await bobB.connect();
      assert.equal(await nextState(watcher, bobA.uid), true);
      await atB.disconnect();
      assert.equal(await nextState(watcher, bobA.uid), false);
      await watcher.disconnect();
    });

    it('are listed, kicked and signed out through either node', async () => {
      const [bobA, bobB] = userOnBoth('bob');
      const [atA, atB] = [await bobA.connect({ clientId: 'a' }), await bobB.connect({ clientId: 'b' })];
      const found = await until('both', async () => {
        const items = await connectionsOf(bobA.uid);
        return items.length === 2 ? items : undefined;
      });
      assert.deepEqual(
        found.map(({ clientId }) => clientId),
        ['a', 'b'],
      );
      assert.notEqual(found[0]!.node, found[1]!.node);
      const { status } = await operator().api.post(`/admin/users/${bobA.uid}/kick`);
      assert.equal(status, 204);
      for (const client of [atA, atB]) assert.equal((await client.ending())?.reasonCode, 0x98);
      const again = await bobB.connect({ clientId: 'b' });
      await until('the device', async () => (await connectionsOf(bobA.uid)).length === 1);
      assert.equal((await bobA.api.delete('/devices/b')).status, 204);
      assert.equal((await again.ending())?.reasonCode, 0x98);
    });

    it('have one rate, and pay what was too much', async () => {
      const both = userOnBoth('bob');
      const burst = 5 * requestPerSecond;
      const ask = async (user: User) => {
        const { status, body } = await user.api.get<{ retryAfter?: number }>('/me');
        return status === 429 ? (body.retryAfter ?? 0) : 0;
      };
      for (const user of both) for (let i = 0; i < burst; i++) await ask(user);
      // As many as one may have were too many: the time until there is one again is that for all of them.
      await until('both know', async () => {
        const waits = await Promise.all(both.map(ask));
        return waits.every((waitMs) => waitMs > 1500);
      });
    });

    it('of a node that is killed are gone', async () => {
      const [alice] = userOnBoth('alice');
      const [bobA, bobB] = userOnBoth('bob');
      const watcher = await watching(alice, bobA);
      await bobB.connect();
      await until('online', () => nextState(watcher, bobA.uid));
      process.kill(both.nodes[1].pid, 'SIGKILL');
      // Its lease decides: nothing else links these nodes.
      assert.equal(await nextState(watcher, bobA.uid, 30_000), false);
      await until('nobody', async () => (await connectionsOf(bobA.uid)).length === 0);
      await watcher.disconnect();
    });
  }),
);
