import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { withReal } from '../../../servers/not-available.ts';
import { findRedis, type RedisServer, startRedis } from '../../../servers/redis.ts';
import { until } from '../../../support/until.ts';
import { connect } from '../fixture.ts';
import { drained, NodeBench, packets, type Two, twoNodes } from './nodes.ts';

const persistent = { persistent: true } as const;
const pub = connect('pub/p');
const retain = { retain: true } as const;

await withReal('redis', findRedis, () =>
  describe('retained messages of several nodes', () => {
    let redis: RedisServer;
    before(async () => {
      redis = await startRedis();
    });
    after(() => redis.stop());
    const two: Two = (use, options) => twoNodes(redis, use, options);

    it('are there for a SUBSCRIBE on any node that comes after the acknowledgement, once, with RETAIN', () =>
      two(async (a, b) => {
        for (let i = 0; i < 20; i++) {
          const [here, there] = i % 2 ? [a, b] : [b, a];
          await here.publish(pub, 't', `${i}`, { ...retain, qos: i % 3 === 0 ? 0 : 1 });
          const client = connect(`bob/${i}`, { persistent: i % 4 < 2 });
          await there.subscribe(client, 't', { qos: 1 });
          await here.publish(pub, 't', 'live');
          const sent = await packets(client, 2);
          assert.deepEqual(
            sent.map((one) => one.cmd === 'publish' && [`${one.payload}`, one.retain]),
            [
              [`${i}`, true],
              ['live', false],
            ],
          );
          await here.publish(pub, 't', '', retain);
          const late = connect(`late/${i}`);
          await there.subscribe(late, 't');
          await there.publish(pub, 't', 'only');
          assert.deepEqual((await packets(late, 1)).length, 1);
        }
      }));

    it('are the same on all nodes when several set one topic at once, and after a start', () =>
      two(async (a, b, url) => {
        const sets = Array.from({ length: 50 }, (_, i) => (i % 2 ? a : b).publish(pub, 't', `${i}`, retain));
        await Promise.all(sets);
        const c = await NodeBench.join(url, 'c');
        try {
          const got = await Promise.all(
            [a, b, c].map(async (node, i) => {
              const client = connect(`bob/${i}`);
              await node.subscribe(client, 't');
              return `${((await packets(client, 1))[0] as { payload: Buffer }).payload}`;
            }),
          );
          assert.equal(new Set(got).size, 1);
        } finally {
          await c.leave();
        }
      }));

    it('reach a persistent session whole, however few of them it takes at once', () =>
      two(async (a, b) => {
        for (let i = 0; i < 50; i++) await a.publish(pub, `t/${i}`, `${i}`, retain);
        const bob = connect('bob/b', { ...persistent, window: 7 });
        await b.subscribe(bob, 't/#', { qos: 1 });
        const first = await drained(b, bob, 1);
        b.cluster.detach(bob);
        await b.cluster.settled('bob/b');
        const again = connect('bob/b', persistent);
        await a.cluster.resume(again, []);
        const rest = await drained(a, again, 50 - first.length);
        assert.equal(new Set([...first, ...rest]).size, 50);
      }));

    it('keep to the limits of all nodes together, and are not sent where they are refused', () =>
      two(
        async (a, b) => {
          const bob = connect('bob/b');
          await a.subscribe(bob, '#');
          const quota = { code: 'topic.quota' };
          await a.publish(pub, 't/1', 'x', retain);
          await b.publish(pub, 't/2', 'x', retain);
          await assert.rejects(a.publish(pub, 't/3', 'no', retain), quota);
          await b.publish(pub, 't/1', 'y', retain);
          await a.publish(pub, 't/2', '', retain);
          await assert.rejects(b.publish(pub, 't/3', 'x'.repeat(200), retain), quota);
          await b.publish(pub, 't/3', 'z', retain);
          assert.deepEqual(await drained(a, bob, 5), ['x', 'x', 'y', '', 'z']);
        },
        { limits: { maxRetainedMessages: 2, maxRetainedBytes: 100 } },
      ));

    it('are gone everywhere when they have expired', () =>
      two(
        async (a, b) => {
          await a.publish(pub, 't', 'brief', { ...retain, properties: { messageExpiryInterval: 5 } });
          for (const node of [a, b]) node.clock.now += 6000;
          const bob = connect('bob/b');
          await b.subscribe(bob, 't');
          await a.shared.expireRetained('t', a.clock.now);
          await b.publish(pub, 'v', 'x', retain);
          await b.subscribe(bob, 'v');
          assert.deepEqual(await drained(b, bob, 1), ['x']);
        },
        { limits: { maxRetainedMessages: 1 } },
      ));
  }),
);

await withReal('redis', findRedis, () =>
  describe('a shared subscription of several nodes', () => {
    let redis: RedisServer;
    before(async () => {
      redis = await startRedis();
    });
    after(() => redis.stop());
    const two: Two = (use, options) => twoNodes(redis, use, options);
    const filter = '$share/g/t';

    it('gives each message to one member, in turn, wherever members and publishers are', () =>
      two(async (a, b) => {
        const members = [
          connect('a/1'),
          connect('a/2', persistent),
          connect('b/1'),
          connect('b/2', persistent),
        ];
        const nodes = [a, a, b, b];
        for (const [i, member] of members.entries()) await nodes[i]!.subscribe(member, filter);
        for (let i = 0; i < 40; i++) await (i % 2 ? a : b).publish(pub, 't', `${i}`);
        const got = await Promise.all(members.map((member, i) => drained(nodes[i]!, member, 5)));
        await until('all', () => {
          for (const [i, member] of members.entries()) got[i]!.push(...nodes[i]!.drain(member));
          return got.flat().length >= 40;
        });
        assert.deepEqual(
          got
            .flat()
            .map(Number)
            .sort((x, y) => x - y),
          Array.from({ length: 40 }, (_, i) => i),
        );
      }));

    it('prefers those who are connected, and waits for one who will be back where nobody is', () =>
      two(async (a, b) => {
        const away = connect('away/1', persistent);
        await a.subscribe(away, filter);
        a.cluster.detach(away);
        await a.cluster.settled(away.key);
        const here = connect('here/1');
        await b.subscribe(here, filter);
        for (let i = 0; i < 6; i++) await a.publish(pub, 't', `${i}`);
        assert.deepEqual(await drained(b, here, 6), ['0', '1', '2', '3', '4', '5']);
        b.cluster.detach(here);
        await b.cluster.settled(here.key);
        await b.publish(pub, 't', 'waits');
        const back = connect('away/1', persistent);
        await b.cluster.resume(back, []);
        assert.deepEqual(await drained(b, back, 1), ['waits']);
      }));

    it('gives what a member has not acknowledged to another one when its session ends', () =>
      two(async (a, b) => {
        const kept = connect('kept/1', persistent);
        await a.subscribe(kept, filter);
        for (let i = 0; i < 3; i++) await b.publish(pub, 't', `${i}`);
        await packets(kept, 3);
        a.cluster.detach(kept);
        await a.cluster.settled(kept.key);
        await b.publish(pub, 't', '3');
        const other = connect('other/1', { window: 3 });
        await b.subscribe(other, filter);
        await a.cluster.forget('kept/1');
        assert.deepEqual((await drained(b, other, 4)).sort(), ['0', '1', '2', '3']);
        await a.publish(pub, 't', 'last');
        await packets(other, 1);
        const third = connect('third/1');
        await a.subscribe(third, filter);
        b.cluster.detach(other);
        assert.deepEqual(await drained(a, third, 1), ['last']);
      }));

    it('has no members on a node that died', () =>
      two(async (a, b) => {
        const [dead, lives] = [connect('dead/1'), connect('lives/1')];
        const keeps = connect('keeps/1', persistent);
        await a.subscribe(dead, filter);
        await a.subscribe(keeps, filter);
        await b.subscribe(lives, filter);
        await b.shared.nodeLeft('a');
        for (let i = 0; i < 4; i++) await b.publish(pub, 't', `${i}`);
        assert.deepEqual(await drained(b, lives, 4), ['0', '1', '2', '3']);
        // It lives after all.
        await a.cluster.recheck();
        assert.equal(keeps.link.ended, 0x8e);
        for (const payload of ['x', 'y', 'z']) await a.publish(pub, 't', payload);
        const got = { dead: [] as string[], lives: [] as string[] };
        await until('all three', () => {
          got.dead.push(...a.drain(dead));
          got.lives.push(...b.drain(lives));
          return got.dead.length + got.lives.length >= 3;
        });
        assert.ok(got.dead.length > 0);
        assert.deepEqual([...got.dead, ...got.lives].sort(), ['x', 'y', 'z']);
      }));
  }),
);
