import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type RedisServer, startRedis } from '../../../servers/redis.ts';
import { connect } from '../fixture.ts';
import { drained, NodeBench, received } from './nodes.ts';

const persistent = { persistent: true } as const;
const pub = connect('pub/p');

describe('custom topics of several nodes', () => {
  let redis: RedisServer;
  before(async () => {
    redis = await startRedis();
  });
  after(() => redis.stop());

  /** Two nodes over a Redis of their own. */
  const two = async (use: (a: NodeBench, b: NodeBench) => Promise<void>): Promise<void> => {
    const url = await redis.newDatabase();
    const a = await NodeBench.join(url, 'a');
    const b = await NodeBench.join(url, 'b');
    try {
      await use(a, b);
      assert.deepEqual([...a.errors, ...b.errors], []);
    } finally {
      await Promise.all([a.leave(), b.leave()]);
    }
  };

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

  it('keep the queue of a session that is away, which follows it to another node in order', () =>
    two(async (a, b) => {
      const bob = connect('bob/b', persistent);
      await a.subscribe(bob, 't/#', { qos: 2 });
      a.cluster.detach(bob);
      await a.cluster.settled('bob/b');
      for (let i = 0; i < 20; i++) await (i % 2 ? a : b).publish(pub, `t/${i % 3}`, `${i}`);
      const again = connect('bob/b', persistent);
      await b.cluster.resume(again, []);
      const expected = Array.from({ length: 20 }, (_, i) => `${i}`);
      assert.deepEqual(await drained(b, again, 20), expected);
      await a.publish(pub, 't/x', 'live');
      assert.deepEqual(await drained(b, again, 1), ['live']);
    }));
});
