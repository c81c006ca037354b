import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { RedisConnection } from '../../../../store/state/redis/client.ts';
import { withReal } from '../../../servers/not-available.ts';
import { startProxy } from '../../../servers/proxy.ts';
import { findOwnRedis, type OwnRedisServer, startOwnRedis } from '../../../servers/redis.ts';
import { until } from '../../../support/until.ts';
import { connect } from '../fixture.ts';
import { drained, NodeBench, received, type Two, twoNodes } from './nodes.ts';

const persistent = { persistent: true } as const;
const pub = connect('pub/p');
const unavailable = { code: 'store.unavailable' };

await withReal('redis', findOwnRedis, () =>
  describe('custom topics of several nodes whose Redis is away', () => {
    let redis: OwnRedisServer;
    before(async () => {
      redis = await startOwnRedis();
    });
    after(() => redis.stop());
    const two: Two = (use, options) => twoNodes(redis, use, options);

    /** Publishes until it is taken. */
    const taken = (node: NodeBench, payload: string): Promise<true> =>
      until('a publish that is taken', () =>
        node.publish(pub, 't', payload).then(
          () => true as const,
          () => undefined as unknown as true,
        ),
      );

    it('refuse a publish rather than lose it, and have everything when Redis is back', () =>
      two(async (a, b) => {
        const away = connect('away/1', persistent);
        await a.subscribe(away, 't', { qos: 2 });
        a.cluster.detach(away);
        await a.cluster.settled(away.key);
        const here = connect('here/1', persistent);
        await b.subscribe(here, 't');
        await a.publish(pub, 't', 'before', { retain: true });
        await redis.down('SIGKILL');
        await assert.rejects(a.publish(pub, 't', 'refused'), unavailable);
        await assert.rejects(b.subscribe(connect('new/1'), 't'), unavailable);
        await assert.rejects(a.cluster.check(), unavailable);
        await redis.up();
        await taken(a, 'after');
        assert.deepEqual(await drained(b, here, 2), ['before', 'after']);
        await until('both nodes', () =>
          Promise.all([a.cluster.check(), b.cluster.check()]).then(
            () => true,
            () => false,
          ),
        );
        const back = connect('away/1', persistent);
        await b.cluster.resume(back, []);
        assert.deepEqual(await drained(b, back, 2), ['before', 'after']);
        const late = connect('late/1');
        await a.subscribe(late, 't');
        assert.deepEqual(await received(late, 1), ['before']);
      }));

    it('write down what was acknowledged meanwhile when Redis is back', () =>
      two(async (a, b) => {
        const bob = connect('bob/b', persistent);
        await a.subscribe(bob, 't');
        for (const payload of ['1', '2', '3']) await b.publish(pub, 't', payload);
        assert.deepEqual(await received(bob, 3), ['1', '2', '3']);
        await redis.down();
        for (const id of [1, 2]) a.cluster.acknowledge(bob, 'puback', id, 0);
        await redis.up();
        a.cluster.detach(bob);
        await until('what it left', async () => {
          const progress = await a.shared.entriesAfter('bob/b', 'none', 0).catch(() => null);
          return progress !== null;
        });
        await a.cluster.settled('bob/b');
        await taken(b, '4');
        const again = connect('bob/b', persistent);
        await b.cluster.resume(again, []);
        const got = await drained(b, again, 2);
        assert.deepEqual(got.slice(-2), ['3', '4']);
      }));
  }),
);

await withReal('redis', findOwnRedis, () =>
  describe('a node that does not hear the others for a while', () => {
    let redis: OwnRedisServer;
    before(async () => {
      redis = await startOwnRedis();
    });
    after(() => redis.stop());

    /** A node behind a proxy that can cut what it hears, and one that is not. */
    async function cutOff(
      use: (deaf: NodeBench, other: NodeBench, cutFeed: () => Promise<void>) => Promise<void>,
    ): Promise<void> {
      const url = new URL(await redis.newDatabase());
      const proxy = await startProxy(redis.port);
      const behind = new URL(url);
      behind.port = String(proxy.port);
      const deaf = await NodeBench.join(behind.href, 'deaf');
      const other = await NodeBench.join(url.href, 'other');
      const admin = await RedisConnection.open({ url: url.href });
      const cutFeed = async (): Promise<void> => {
        const clients = String(await admin.command('client', 'list', 'type', 'pubsub')).split('\n');
        const feeds = clients.filter((line) => line.includes('name=petrel-custom-feed'));
        const [first] = feeds.map((line) => Number(/\bid=(\d+)/.exec(line)![1])).sort((x, y) => x - y);
        await admin.command('client', 'kill', 'id', first!);
      };
      try {
        await use(deaf, other, cutFeed);
        assert.deepEqual(deaf.errors, []);
      } finally {
        await Promise.all([deaf.leave(), other.leave(), admin.close()]);
        await proxy.close();
      }
    }

    it('has for its sessions what came meanwhile, once and in order; those that cannot have it end', () =>
      cutOff(async (deaf, other, cutFeed) => {
        const [kept, brief, loose] = [connect('kept/1', persistent), connect('brief/1'), connect('loose/1')];
        await deaf.subscribe(kept, 't');
        await deaf.subscribe(brief, 't');
        await deaf.subscribe(loose, 't', { qos: 0 });
        await other.publish(pub, 't', '0', { retain: true });
        assert.deepEqual(await drained(deaf, kept, 1), ['0']);
        await cutFeed();
        const sent = Array.from({ length: 50 }, (_, i) => `${i + 1}`);
        for (const payload of sent) await other.publish(pub, 't', payload, { retain: true });
        assert.deepEqual(await drained(deaf, kept, 50), sent);
        await until('the end of a session that may have missed something', () => brief.link.ended === 0x83);
        assert.equal(loose.link.ended, undefined);
        assert.equal(kept.link.ended, undefined);
        const late = connect('late/1');
        await deaf.subscribe(late, 't');
        assert.deepEqual(await received(late, 1), ['50']);
      }));

    it('knows subscriptions that were made meanwhile before it publishes', () =>
      cutOff(async (deaf, other, cutFeed) => {
        await cutFeed();
        const bob = connect('bob/b', persistent);
        await other.subscribe(bob, 't');
        await deaf.publish(pub, 't', 'x');
        assert.deepEqual(await drained(other, bob, 1), ['x']);
      }));

    it('is not disturbed by what makes no sense on the channel', () =>
      cutOff(async (deaf, other) => {
        const bob = connect('bob/b', persistent);
        await deaf.subscribe(bob, 't');
        const [pattern] = ['petrel:*custom'];
        const admin = await RedisConnection.open({ url: `redis://127.0.0.1:${redis.port}` });
        const channels = (await admin.command('pubsub', 'channels', pattern!)) as string[];
        for (const channel of channels) {
          for (const garbage of ['', 'x', '00000002{}', '00000003nul', '99999999', '00000004null\xc1'])
            await admin.command('publish', channel, garbage);
        }
        await admin.close();
        await other.publish(pub, 't', 'x');
        assert.deepEqual(await drained(deaf, bob, 1), ['x']);
        assert.ok(deaf.errors.length > 0);
        deaf.errors.length = 0;
      }));
  }),
);
