import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { withReal } from '../../../servers/not-available.ts';
import { findRedis, type RedisServer, startRedis } from '../../../servers/redis.ts';
import { until } from '../../../support/until.ts';
import { connect, type TestClient } from '../fixture.ts';
import { Receiver } from '../receiver.ts';
import { drained, type NodeBench, packets, received, type Two, twoNodes } from './nodes.ts';

const persistent = { persistent: true } as const;
const pub = connect('pub/p');
const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`);

/** The connection ends, and what it leaves is written. */
async function leave(node: NodeBench, client: TestClient): Promise<void> {
  node.cluster.detach(client);
  await node.cluster.settled(client.key);
}

async function resume(node: NodeBench, key: string, options = {}): Promise<TestClient> {
  const client = connect(key, { ...persistent, ...options });
  await until('its subscription', () => node.cluster.subscriptionsOf(key).length > 0);
  await node.cluster.resume(client, node.cluster.subscriptionsOf(key));
  return client;
}

await withReal('redis', findRedis, () =>
  describe('a session that goes from node to node', () => {
    let redis: RedisServer;
    before(async () => {
      redis = await startRedis();
    });
    after(() => redis.stop());
    const two: Two = (use, options) => twoNodes(redis, use, options);

    it('gets again what was in flight, with DUP and the same packet ids, PUBREL where PUBREC had come', () =>
      two(async (a, b) => {
        const bob = connect('bob/b', persistent);
        await a.subscribe(bob, 't', { qos: 2 });
        for (const [payload, qos] of [
          ['a', 1],
          ['b', 2],
          ['c', 2],
          ['d', 1],
        ] as const)
          await b.publish(pub, 't', payload, { qos });
        const sent = await packets(bob, 4);
        const ids = sent.map((packet) => packet.messageId!);
        a.cluster.acknowledge(bob, 'puback', ids[0]!, 0);
        assert.equal(a.cluster.acknowledge(bob, 'pubrec', ids[1]!, 0), undefined);
        const [release] = await packets(bob, 1);
        assert.deepEqual([release!.cmd, release!.messageId], ['pubrel', ids[1]]);
        await leave(a, bob);
        await a.publish(pub, 't', 'e');
        const again = await resume(b, 'bob/b');
        const repeated = (await packets(again, 4)).map((packet) =>
          packet.cmd === 'publish'
            ? [`${packet.payload}`, packet.dup, packet.messageId]
            : [packet.cmd, packet.messageId],
        );
        assert.deepEqual(repeated.slice(0, 3), [
          ['pubrel', ids[1]],
          ['c', true, ids[2]],
          ['d', true, ids[3]],
        ]);
        assert.deepEqual(repeated[3]!.slice(0, 2), ['e', false]);
      }));

    it('gets nothing twice that it acknowledged before it left', () =>
      two(async (a, b) => {
        const bob = connect('bob/b', persistent);
        await a.subscribe(bob, 't');
        for (const i of numbers(100)) await b.publish(pub, 't', i);
        const got = await drained(a, bob, 100);
        await leave(a, bob);
        const again = await resume(b, 'bob/b');
        await a.publish(pub, 't', 'last');
        assert.deepEqual([...got, ...(await received(again, 1))], [...numbers(100), 'last']);
      }));

    it('is the newest connection’s, and a node that was passed over changes nothing any more', () =>
      two(async (a, b) => {
        const bob = connect('bob/b', persistent);
        await a.subscribe(bob, 't');
        await a.publish(pub, 't', 'x');
        const [x] = await packets(bob, 1);
        // The first node does not let go.
        const again = await resume(b, 'bob/b');
        assert.deepEqual(
          (await packets(again, 1)).map(({ messageId }) => messageId),
          [x!.messageId],
        );
        a.cluster.acknowledge(bob, 'puback', x!.messageId!, 0);
        await until('the end of the older connection', () => bob.link.ended);
        await leave(a, bob);
        await a.publish(pub, 't', 'y');
        assert.deepEqual(await received(again, 1), ['y']);
        await leave(b, again);
        const third = await resume(a, 'bob/b');
        assert.deepEqual(await received(third, 2), ['x', 'y']);
      }));

    it('has one connection that gets what comes, where two nodes take it at once', () =>
      two(async (a, b) => {
        const bob = connect('bob/b', persistent);
        await a.subscribe(bob, 't');
        await leave(a, bob);
        for (let round = 0; round < 10; round++) {
          await a.publish(pub, 't', `${round}`);
          const clients = await Promise.all([resume(a, 'bob/b'), resume(b, 'bob/b')]);
          await a.publish(pub, 't', `${round}'`);
          const got = new Set<string>();
          await until('both messages', () => {
            for (const [i, node] of [a, b].entries()) for (const one of node.drain(clients[i]!)) got.add(one);
            return got.size >= 2;
          });
          assert.deepEqual([...got].sort(), [`${round}`, `${round}'`]);
          await Promise.all([leave(a, clients[0]!), leave(b, clients[1]!)]);
        }
        const last = await resume(a, 'bob/b');
        await b.publish(pub, 't', 'end');
        // What the one that was passed over acknowledged may come again, nothing is missing.
        await until('the end', () => a.drain(last).includes('end'));
      }));

    it('lives on where it is now, whatever timers the node has where it was', () =>
      two(async (a, b) => {
        const bob = connect('bob/b', persistent);
        await a.subscribe(bob, 't');
        await leave(a, bob);
        const again = await resume(b, 'bob/b');
        a.clock.now += 10 * 365 * 86_400_000;
        await a.publish(pub, 't', 'x');
        assert.deepEqual(await drained(b, again, 1), ['x']);
        await leave(b, again);
        await a.publish(pub, 't', 'y');
        assert.deepEqual(await drained(a, await resume(a, 'bob/b'), 1), ['y']);
      }));

    it('leaves nothing in any node when it ends, for a later one of its name', () =>
      two(async (a, b) => {
        const bob = connect('bob/b', persistent);
        await a.subscribe(bob, 't/#');
        await b.publish(pub, 't/1', 'in flight');
        await packets(bob, 1);
        await leave(a, bob);
        await b.publish(pub, 't/1', 'queued');
        await b.cluster.forget('bob/b');
        const fresh = connect('bob/b', persistent);
        await a.cluster.resume(fresh, []);
        await b.publish(pub, 't/1', 'nobody’s');
        await a.subscribe(fresh, 'other');
        await b.publish(pub, 'other', 'x');
        assert.deepEqual(await drained(a, fresh, 1), ['x']);
        assert.deepEqual(a.cluster.subscriptionsOf('bob/b'), [{ filter: 'other', qos: 1 }]);
      }));

    it('gets all of a long queue on one return', () =>
      two(
        async (a, b) => {
          const bob = connect('bob/b', persistent);
          await a.subscribe(bob, 't');
          await leave(a, bob);
          await Promise.all(numbers(10_000).map((i) => a.publish(pub, 't', i)));
          const again = await resume(b, 'bob/b', { window: 500 });
          assert.deepEqual(await drained(b, again, 10_000), numbers(10_000));
        },
        { limits: { maxQueuedMessages: 20_000, maxQueuedBytes: 1e7 } },
      ));

    it('gets a burst whole while it is connected, and so does one without a queue', () =>
      two(async (a, b) => {
        const [bob, carl] = [connect('bob/b', persistent), connect('carl/c')];
        for (const client of [bob, carl]) await b.subscribe(client, 't');
        const all = Promise.all(numbers(2000).map((i) => a.publish(pub, 't', i)));
        const got = [bob, carl].map((client) => drained(b, client, 2000));
        assert.deepEqual(await Promise.all(got), [numbers(2000), numbers(2000)]);
        await all;
      }));

    it('is dropped from when its queue is full, and takes on again when there is room', () =>
      two(
        async (a, b) => {
          const bob = connect('bob/b', persistent);
          await a.subscribe(bob, 't');
          await leave(a, bob);
          for (const i of numbers(15)) await b.publish(pub, 't', i);
          assert.equal(b.cluster.counters.droppedFull, 5);
          const again = await resume(b, 'bob/b');
          assert.deepEqual(await drained(b, again, 10), numbers(10));
          await leave(b, again);
          const properties = { messageExpiryInterval: 5 };
          for (const i of numbers(10)) await a.publish(pub, 't', `brief ${i}`, { properties });
          // Expired messages make room.
          for (const node of [a, b]) node.clock.now += 6000;
          await b.publish(pub, 't', 'lasting');
          assert.deepEqual(await drained(a, await resume(a, 'bob/b'), 1), ['lasting']);
        },
        { limits: { maxQueuedMessages: 10 } },
      ));

    it('keeps a queue that counts for all nodes: where they are full a publish is refused and in none', () =>
      two(
        async (a, b) => {
          const bob = connect('bob/b', persistent);
          await a.subscribe(bob, 't');
          await leave(a, bob);
          const carl = connect('carl/c');
          await b.subscribe(carl, 't');
          let taken = 0;
          for (;;) {
            const error = await b.publish(pub, 't', `${taken}`).then(
              () => undefined,
              (reason: { code: string }) => reason.code,
            );
            if (error !== undefined) {
              assert.equal(error, 'topic.quota');
              break;
            }
            taken++;
          }
          assert.deepEqual(await drained(b, carl, taken), numbers(taken));
          assert.deepEqual(await drained(b, await resume(b, 'bob/b'), taken), numbers(taken));
          await until('room', () =>
            a.publish(pub, 't', 'again').then(
              () => true,
              () => false,
            ),
          );
        },
        { limits: { maxQueuedBytesTotal: 2000 } },
      ));

    it('is complete and in order, however often it moves and whatever it leaves unacknowledged', async () => {
      const step = fc.oneof(
        fc.record({ kind: fc.constant('publish' as const), node: fc.nat(1), qos: fc.constantFrom(1, 2) }),
        fc.record({ kind: fc.constant('answer' as const), count: fc.integer({ min: 1, max: 4 }) }),
        fc.record({ kind: fc.constant('move' as const), node: fc.nat(1) }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), (steps) =>
          two(async (...nodes) => {
            const benches = nodes.slice(0, 2) as [NodeBench, NodeBench];
            const receiver = new Receiver(3);
            const expected: string[] = [];
            let at = benches[0];
            let client: TestClient = connect('bob/b', { ...persistent, window: 3 });
            await at.subscribe(client, 't', { qos: 2 });
            for (const one of steps) {
              if (one.kind === 'publish') {
                expected.push(`${expected.length}`);
                await benches[one.node]!.publish(pub, 't', expected.at(-1)!, { qos: one.qos as 1 | 2 });
              } else if (one.kind === 'answer') {
                receiver.read(client);
                receiver.answer(at, client, one.count);
              } else {
                receiver.read(client);
                await leave(at, client);
                receiver.lose();
                at = benches[one.node]!;
                client = await resume(at, 'bob/b', { window: 3 });
              }
            }
            await until('everything', () => {
              receiver.read(client);
              receiver.answer(at, client, 10);
              return receiver.idle && receiver.got.length >= expected.length;
            });
            assert.deepEqual(receiver.got, expected);
          }),
        ),
        { numRuns: 15 },
      );
    });
  }),
);
