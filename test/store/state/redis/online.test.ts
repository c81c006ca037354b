import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { ConnectionInfo } from '../../../../schemas/connection.ts';
import type { Nodes } from '../../../../store/nodes.ts';
import { RedisConnection } from '../../../../store/state/redis/client.ts';
import { prefix } from '../../../../store/state/redis/keys.ts';
import { openRedisNodes } from '../../../../store/state/redis/nodes.ts';
import { RedisOnline } from '../../../../store/state/redis/online.ts';
import { withReal } from '../../../servers/not-available.ts';
import { findOwnRedis, type OwnRedisServer, startOwnRedis } from '../../../servers/redis.ts';
import { until } from '../../../support/until.ts';

const at = 1_789_000_000_000;

const connection = (uid: string, clientId: string, more: Partial<ConnectionInfo> = {}): ConnectionInfo => ({
  ...{
    uid,
    clientId,
    did: clientId,
    address: '127.0.0.1',
    protocol: 5,
    transport: 'tcp',
    since: at,
    ...more,
  },
});

interface Node {
  readonly id: string;
  readonly online: RedisOnline;
  readonly redis: RedisConnection;
  readonly nodes: Nodes;
}

await withReal('redis', findOwnRedis, () =>
  describe('Redis as the store of who is connected', () => {
    let server: OwnRedisServer;
    let url: string;
    let now: number;
    let nodes: Node[];

    before(async () => {
      server = await startOwnRedis();
    });
    after(() => server.stop());
    beforeEach(async () => {
      [url, now, nodes] = [await server.newDatabase(), at, []];
    });
    afterEach(async () => {
      for (const { online, redis, nodes: list } of nodes) {
        await online.close();
        await list.close();
        await redis.close();
      }
    });

    const start = async (): Promise<Node> => {
      const redis = await RedisConnection.open({ url, retryMs: 20 });
      const list = await openRedisNodes({
        redis,
        self: { id: randomUUID(), role: 'all', startedAt: at },
        ...{ leaseMs: 1500, renewMs: 100, lookMs: 50, onError: assert.ifError },
      });
      const online = new RedisOnline({
        ...{ redis, nodes: list, now: () => now, onError: assert.ifError, checkMs: 100 },
      });
      const node = { id: list.self.id, online, redis, nodes: list };
      nodes.push(node);
      return node;
    };
    const put = async ({ online }: Node, ...connections: ConnectionInfo[]): Promise<void> => {
      for (const one of connections) online.put(one);
      await online.written();
    };
    const remove = async ({ online }: Node, uid: string, clientId: string): Promise<void> => {
      online.remove({ uid, clientId });
      await online.written();
    };
    /** Ends a node as if its process had died. */
    const die = async (node: Node): Promise<void> => {
      nodes.splice(nodes.indexOf(node), 1);
      await node.nodes.close();
      await node.redis.close();
      await node.online.close();
    };

    it('shows on every node what one has put, with the node, as it was', async () => {
      const [a, b] = [await start(), await start()];
      const phone = connection('ann', 'phone', { platform: 'mobile', transport: 'ws', address: '::1' });
      await put(a, phone, connection('anna', 'x'));
      await put(b, connection('ann', 'a b/ü"'));
      assert.deepEqual(await b.online.of('ann'), [
        { ...connection('ann', 'a b/ü"'), node: b.id },
        { ...phone, node: a.id },
      ]);
      assert.deepEqual(await a.online.of('an'), []);
    });

    it('gives pages in the order of the names, of all or of one user, without a gap', async () => {
      const [a, b] = [await start(), await start()];
      const names = Array.from({ length: 60 }, (_, i) => connection(`u${i % 7}`, `c${i}`));
      for (const [i, one] of names.entries()) (i % 2 ? a : b).online.put(one);
      await Promise.all([a.online.written(), b.online.written()]);
      const sorted = names.map(({ uid, clientId }) => `${uid}/${clientId}`).sort();
      const paged: string[] = [];
      for (let after = ''; ; after = paged.at(-1)!) {
        const page = await a.online.list({ after, limit: 7 });
        paged.push(...page.map(({ uid, clientId }) => `${uid}/${clientId}`));
        if (page.length < 7) break;
      }
      assert.deepEqual(paged, sorted);
      const own = await b.online.list({ uid: 'u3', after: 'u3/c17', limit: 3 });
      const expected = sorted.filter((name) => name.startsWith('u3/') && name > 'u3/c17').slice(0, 3);
      assert.deepEqual(
        own.map(({ uid, clientId }) => `${uid}/${clientId}`),
        expected,
      );
      assert.deepEqual(await b.online.list({ uid: 'u3', after: 'u4/', limit: 3 }), []);
    });

    it('knows of many users at once whether, since when and with which platforms they are connected', async () => {
      const [a, b] = [await start(), await start()];
      await put(a, connection('ann', '1', { platform: 'web' }), connection('ann', '2'));
      now += 5000;
      await put(b, connection('ann', '3', { platform: 'mobile' }), connection('bob', '1'));
      await remove(b, 'bob', '1');
      const found = await a.online.whereabouts(['ann', 'bob', 'cid']);
      assert.deepEqual(Object.fromEntries(found), {
        ann: { online: true, since: at, cameAt: at, platforms: ['web', 'mobile'] },
        bob: { online: false, since: now, cameAt: now, platforms: [] },
      });
    });

    it('takes who is back within a second, on whatever node, for one who was not away', async () => {
      const [a, b] = [await start(), await start()];
      await put(a, connection('ann', '1'), connection('bob', '1'));
      now += 5000;
      await remove(a, 'ann', '1');
      await remove(a, 'bob', '1');
      now += 900;
      await put(b, connection('ann', '1'));
      now += 900;
      await put(b, connection('bob', '1'));
      const found = await a.online.whereabouts(['ann', 'bob']);
      assert.equal(found.get('ann')?.since, at);
      assert.equal(found.get('bob')?.since, now);
    });

    it('keeps a connection that another node has taken over when the older one ends', async () => {
      const [a, b] = [await start(), await start()];
      await put(a, connection('ann', '1'));
      await put(b, connection('ann', '1'));
      await remove(a, 'ann', '1');
      assert.deepEqual(
        (await a.online.of('ann')).map(({ node }) => node),
        [b.id],
      );
      await remove(b, 'ann', '1');
      assert.equal((await a.online.whereabouts(['ann'])).get('ann')?.online, false);
    });

    it('counts no connections of a node that has left, and leaves nothing of them', async () => {
      const [a, b] = [await start(), await start()];
      await put(a, connection('ann', '1'), connection('bob', '1'));
      await put(b, connection('ann', '2'));
      await put(a, ...Array.from({ length: 600 }, (_, i) => connection('cid', `${i}`)));
      await die(a);
      const found = await b.online.whereabouts(['ann', 'bob']);
      assert.equal(found.get('ann')?.online, true);
      assert.equal(found.get('bob')?.online, false);
      assert.deepEqual(await b.online.of('cid'), []);
      await b.online.sweep();
      await b.online.sweep();
      assert.equal(await b.redis.command('hlen', `${prefix}online:infos`), 1);
      assert.equal(await b.redis.command('zcard', `${prefix}online:order`), 1);
      assert.equal(await b.redis.command('exists', `${prefix}online:node:${a.id}`), 0);
      assert.deepEqual(await b.redis.command('smembers', `${prefix}online:nodes`), [b.id]);
    });

    it('takes nobody for online whose connections are all gone, however many there were', async () => {
      const [a, b] = [await start(), await start()];
      await put(
        a,
        ...Array.from({ length: 150 }, (_, i) => connection('ann', `${i}`)),
        connection('bob', '1'),
      );
      await b.redis.command('zrem', `${prefix}online:order`, 'bob/1');
      await die(a);
      const found = await b.online.whereabouts(['ann', 'bob']);
      assert.deepEqual([found.get('ann')?.online, found.get('bob')?.online], [false, false]);
    });

    it('writes many connections with a few round trips', async () => {
      const a = await start();
      let calls = 0;
      const { client } = a.redis;
      const call = client.call.bind(client);
      client.call = ((...given: Parameters<typeof call>) => {
        if (given[0] === 'evalsha') calls++;
        return call(...given);
      }) as typeof client.call;
      await put(a, ...Array.from({ length: 1000 }, (_, i) => connection(`u${i}`, '1')));
      assert.ok(calls < 30, `${calls} calls`);
      assert.equal((await a.online.list({ after: '', limit: 2000 })).length, 1000);
    });

    it('tells of the users whose connections were written, after they can be seen', async () => {
      const [a, b] = [await start(), await start()];
      const told: string[] = [];
      a.online.onWritten((uids) => told.push(...uids));
      await put(a, connection('ann', '1'), connection('ann', '2'), connection('bob', '1'));
      assert.deepEqual(told.sort(), ['ann', 'bob']);
      assert.equal((await b.online.of('ann')).length, 2);
    });

    it('has written all that happened while Redis was away when it is back, also what Redis has lost', async () => {
      const [a, b] = [await start(), await start()];
      await put(a, connection('ann', '1'), connection('bob', '1'));
      await server.down('SIGKILL');
      a.online.remove({ uid: 'ann', clientId: '1' });
      a.online.put(connection('cid', '1'));
      a.online.put(connection('cid', '2'));
      a.online.remove({ uid: 'cid', clientId: '2' });
      await assert.rejects(b.online.of('ann'), { code: 'store.unavailable' });
      await server.up();
      await a.online.written();
      const uids = async () => (await b.online.list({ after: '', limit: 10 })).map(({ uid }) => uid).join();
      await until('the list', async () => (await uids().catch(() => '')) === 'bob,cid');
      await b.redis.command('flushdb');
      await until('the list again', async () => (await uids()) === 'bob,cid');
    });

    it('gives a node that was taken for gone its connections back when it joins again', async () => {
      const [a, b] = [await start(), await start()];
      await put(a, connection('ann', '1'), connection('bob', '1'));
      await b.redis.command('zadd', `${prefix}nodes:leases`, 0, a.id);
      await b.online.sweep();
      await until('ann again', async () => (await b.online.of('ann')).length === 1);
      await until('bob again', async () => (await b.online.of('bob')).length === 1);
    });

    it('knows when the first node came', async () => {
      const a = await start();
      assert.equal(await a.online.firstAt(), at);
      now += 5000;
      const b = await start();
      assert.equal(await b.online.firstAt(), at);
    });

    it('lists anonymous clients and takes them for no user', async () => {
      const a = await start();
      await put(a, connection('anonymous', '1'), connection('anonymous', '2'));
      assert.equal((await a.online.list({ after: '', limit: 10 })).length, 2);
      await remove(a, 'anonymous', '1');
      await remove(a, 'anonymous', '2');
      assert.equal((await a.online.whereabouts(['anonymous'])).size, 0);
    });
  }),
);
