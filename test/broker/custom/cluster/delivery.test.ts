import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { IPublishPacket } from 'mqtt-packet';
import { withReal } from '../../../servers/not-available.ts';
import { findRedis, type RedisServer, startRedis } from '../../../servers/redis.ts';
import { connect } from '../fixture.ts';
import { drained, packets, received, type Two, twoNodes } from './nodes.ts';

const persistent = { persistent: true } as const;
const pub = connect('pub/p');
const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`);

await withReal('redis', findRedis, () =>
  describe('custom topics of several nodes', () => {
    let redis: RedisServer;
    before(async () => {
      redis = await startRedis();
    });
    after(() => redis.stop());
    const two: Two = (use, options) => twoNodes(redis, use, options);

    it('bring a message to the subscribers of every node', () =>
      two(async (a, b) => {
        const [ann, bob, carl] = [connect('ann/a'), connect('bob/b'), connect('carl/c', persistent)];
        await a.subscribe(ann, 't/#');
        await b.subscribe(bob, 't/+', { qos: 0 });
        await b.subscribe(carl, 't/1', { qos: 2 });
        await a.publish(pub, 't/1', 'x');
        await a.publish(pub, 't/1', 'y', { qos: 0 });
        for (const client of [ann, bob, carl]) assert.deepEqual(await received(client, 2), ['x', 'y']);
      }));

    it('carry properties whole, of a message that came with a topic alias too', () =>
      two(async (a, b) => {
        const properties = {
          ...{ topicAlias: 3, contentType: 'text/x', payloadFormatIndicator: 1, responseTopic: 'r' },
          correlationData: Buffer.from([0, 0x80, 255]),
          userProperties: [
            ['k', 'v'],
            ['k', 'ü'],
          ] as [string, string][],
        };
        const live = connect('bob/b');
        const away = connect('carl/c', persistent);
        await b.subscribe(live, 't');
        await b.subscribe(away, 't');
        b.cluster.detach(away);
        await b.cluster.settled(away.key);
        await a.publish(pub, 't', 'x', { properties, retain: true });
        const again = connect('carl/c', persistent);
        await a.cluster.resume(again, []);
        const late = connect('dora/d');
        await b.subscribe(late, 't');
        for (const client of [live, again, late]) {
          const [publish] = await sent(client, 1);
          const { contentType, payloadFormatIndicator, responseTopic, correlationData, userProperties } =
            publish!.properties!;
          assert.deepEqual(
            { contentType, payloadFormatIndicator, responseTopic, correlationData },
            {
              ...{ contentType: 'text/x', payloadFormatIndicator: true, responseTopic: 'r' },
              correlationData: properties.correlationData,
            },
          );
          assert.deepEqual({ ...userProperties }, { k: ['v', 'ü'] });
          assert.equal(publish!.properties!.topicAlias, undefined);
        }
      }));

    it('queue for a session that is away, and the queue follows it to another node in order', () =>
      two(async (a, b) => {
        const bob = connect('bob/b', persistent);
        await a.subscribe(bob, 't/#', { qos: 2 });
        a.cluster.detach(bob);
        await a.cluster.settled('bob/b');
        for (const i of numbers(20)) await (Number(i) % 2 ? a : b).publish(pub, `t/${Number(i) % 3}`, i);
        const again = connect('bob/b', persistent);
        await b.cluster.resume(again, []);
        assert.deepEqual(await drained(b, again, 20), numbers(20));
        await a.publish(pub, 't/x', 'live');
        assert.deepEqual(await drained(b, again, 1), ['live']);
      }));

    it('take a subscription up everywhere before its SUBACK', () =>
      two(async (a, b) => {
        for (let i = 0; i < 20; i++) {
          const client = connect(`bob/b${i}`, { persistent: i % 2 === 0 });
          const [here, there] = i % 3 ? [a, b] : [b, a];
          await here.subscribe(client, `t/${i}`);
          await there.publish(pub, `t/${i}`, 'x');
          assert.deepEqual(await drained(here, client, 1), ['x']);
          assert.equal(await here.cluster.unsubscribe(client, `t/${i}`), 0);
          await there.publish(pub, `t/${i}`, 'y');
        }
      }));

    it('send one copy with all identifiers where subscriptions overlap', () =>
      two(async (a, b) => {
        const bob = connect('bob/b', persistent);
        await b.subscribe(bob, 't/#', { qos: 0, identifier: 1 });
        await b.subscribe(bob, 't/+', { qos: 1, identifier: 2 });
        await a.publish(pub, 't/1', 'x', { qos: 2 });
        await a.publish(pub, 't/1', 'y', { qos: 0 });
        const [x, y, ...others] = await sent(bob, 2);
        assert.deepEqual([x!.qos, y!.qos, others.length], [1, 0, 0]);
        for (const one of [x, y]) {
          assert.deepEqual([...(one!.properties!.subscriptionIdentifier as number[])].sort(), [1, 2]);
        }
      }));

    it('keep No Local, and what no rule allows, from those who are elsewhere', () =>
      two(
        async (a, b) => {
          const bob = connect('bob/b', persistent);
          await a.subscribe(bob, 'open/#', { noLocal: true });
          const carl = connect('carl/c', persistent);
          await a.subscribe(carl, '#');
          const admin = connect('root/r', { ...persistent, scopes: ['admin'] });
          await a.subscribe(admin, '#');
          await b.publish(bob, 'open/1', 'own');
          await b.publish(pub, 'open/1', 'other');
          await b.publish(connect('root/x', { scopes: ['admin'] }), 'secret/1', 'hidden');
          await b.publish(pub, 'open/1', 'last');
          assert.deepEqual(await drained(a, bob, 2), ['other', 'last']);
          assert.deepEqual(await drained(a, carl, 3), ['own', 'other', 'last']);
          assert.deepEqual(await drained(a, admin, 4), ['own', 'other', 'hidden', 'last']);
        },
        {
          rules: [
            { match: 'secret/#', allow: ['publish', 'subscribe'], scope: 'admin' },
            { match: 'secret/#', allow: [] },
            { match: '#', allow: ['publish', 'subscribe'] },
          ],
        },
      ));

    it('go by the rights of a renewed token, wherever a message is published', () =>
      two(
        async (a, b) => {
          const bob = connect('bob/b', { ...persistent, scopes: ['admin'] });
          await a.subscribe(bob, 'secret/1');
          a.cluster.renew(bob, { ...bob.identity, scopes: new Set() });
          const root = connect('root/x', { scopes: ['admin'] });
          await b.publish(root, 'secret/1', 'hidden');
          a.cluster.renew(bob, { ...bob.identity, scopes: new Set(['admin']) });
          await a.subscribe(bob, 'secret/2');
          await b.publish(root, 'secret/1', 'shown');
          assert.deepEqual(await drained(a, bob, 1), ['shown']);
        },
        { rules: [{ match: 'secret/#', allow: ['publish', 'subscribe'], scope: 'admin' }] },
      ));

    it('tell $SYS of the own node alone', () =>
      two(async (a, b) => {
        const root = connect('root/r', { ...persistent, scopes: ['admin'] });
        await b.subscribe(root, '$SYS/broker/version');
        assert.deepEqual(await received(root, 1), ['petrel 1.2.3']);
        await assert.rejects(a.publish(pub, '$SYS/broker/version', 'x'), { code: 'topic.forbidden' });
      }));

    it('take filters with the characters of patterns as they are', () =>
      two(async (a, b) => {
        const bob = connect('bob/b', persistent);
        const carl = connect('carl/c');
        for (const client of [bob, carl]) {
          await b.subscribe(client, 'a[b]?*\\/+');
          await b.subscribe(client, 'x"y\u007f\n/ü');
        }
        await a.publish(pub, 'ab!!\\/1', 'no');
        await a.publish(pub, 'a[b]?*\\/1', 'yes');
        await a.publish(pub, 'x"y\u007f\n/ü', 'too');
        for (const client of [bob, carl]) assert.deepEqual(await received(client, 2), ['yes', 'too']);
      }));
  }),
);

async function sent(client: ReturnType<typeof connect>, count: number): Promise<IPublishPacket[]> {
  return (await packets(client, count)).filter((packet) => packet.cmd === 'publish');
}
