import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { createSharedAttempts } from '../../../../api/auth/attempts.ts';
import { RedisConnection } from '../../../../store/state/redis/client.ts';
import { RedisRates } from '../../../../store/state/redis/rates.ts';
import { withReal } from '../../../servers/not-available.ts';
import { findOwnRedis, type OwnRedisServer, startOwnRedis } from '../../../servers/redis.ts';
import { until } from '../../../support/until.ts';

await withReal('redis', findOwnRedis, () =>
  describe('Redis as the store of rates', () => {
    let server: OwnRedisServer;
    let connections: RedisConnection[];
    let rates: RedisRates[];

    before(async () => {
      server = await startOwnRedis();
    });
    after(() => server.stop());
    beforeEach(async () => {
      const url = await server.newDatabase();
      const open = () => RedisConnection.open({ url, retryMs: 20 });
      connections = [await open(), await open()];
      rates = connections.map((connection) => new RedisRates(connection));
    });
    afterEach(async () => {
      for (const connection of connections) await connection.close();
    });

    const use = (key: string, taken: number, perSecond = 0.001, burst = 10) => ({
      ...{ key, perSecond, burst, taken, agoMs: 0 },
    });

    it('takes what was taken from the one bucket of all nodes, also below nothing', async () => {
      const [a, b] = rates;
      const near = (left: number[], expected: number[]) =>
        assert.deepEqual(
          left.map((tokens) => Math.round(tokens)),
          expected,
        );
      near(await a!.settle([use('x', 3), use('y', 1)]), [7, 9]);
      near(await b!.settle([use('y', 20), use('x', 4), use('z', 0)]), [-11, 3, 10]);
      near(await a!.settle([use('y', 0)]), [-11]);
    });

    it('counts what a bucket got since the first was taken, and no more than it can hold before', async () => {
      const late = { key: 'late', perSecond: 10, burst: 100, taken: 50, agoMs: 2000 };
      assert.equal(Math.round((await rates[0]!.settle([late]))[0]!), 70);
      const over = { key: 'over', perSecond: 10, burst: 100, taken: 5, agoMs: 2000 };
      assert.equal((await rates[0]!.settle([over]))[0], 100);
    });

    it('fills the bucket again by its own clock, and forgets a full one', async () => {
      const [a, b] = rates;
      assert.ok((await a!.settle([use('x', 10, 100, 10)]))[0]! < 1);
      await until('a full bucket', async () => (await b!.settle([use('x', 0, 100, 10)]))[0] === 10);
      assert.deepEqual(await connections[0]!.command('keys', '*'), []);
    });

    it('settles very many at once', async () => {
      const many = Array.from({ length: 1200 }, (_, i) => use(`u${i}`, i % 7));
      const left = await rates[0]!.settle(many);
      assert.deepEqual(
        left.map((tokens) => Math.round(tokens)),
        many.map(({ taken }) => 10 - taken),
      );
    });

    it('counts attempts exactly, on whatever nodes they are, until the window ends or they are forgotten', async () => {
      const tries = Array.from({ length: 40 }, (_, i) => rates[i % 2]!.attempt('ann', 10, 60_000));
      const answers = await Promise.all(tries);
      assert.equal(answers.filter((waitMs) => waitMs === 0).length, 10);
      assert.ok(answers.every((waitMs) => waitMs === 0 || (waitMs > 50_000 && waitMs <= 60_000)));
      assert.equal(await rates[0]!.attempt('bob', 10, 60_000), 0);
      await rates[1]!.forget('ann');
      assert.equal(await rates[0]!.attempt('ann', 10, 60_000), 0);
      assert.equal(await rates[0]!.attempt('short', 1, 20), 0);
      await until('the end of the window', async () => (await rates[1]!.attempt('short', 1, 20)) === 0);
    });

    it('attempts to sign in are refused by what all nodes counted, and by the node’s own count while Redis is away', async () => {
      const [a, b] = rates.map((one) => createSharedAttempts(3, () => 0, one));
      const refused = { code: 'auth.too-many-attempts' };
      await a!.take('ann');
      await b!.take('ann');
      await b!.take('ann');
      await assert.rejects(async () => a!.take('ann'), refused);
      a!.clear('ann');
      await until(
        'its end',
        async () => (await connections[0]!.command('exists', 'petrel:attempts:login:ann')) === 0,
      );
      await b!.take('ann');
      await server.down('SIGKILL');
      await until('the loss', () => connections.every(({ isUp }) => !isUp));
      await a!.take('ann');
      await a!.take('ann');
      await a!.take('ann');
      await assert.rejects(async () => a!.take('ann'), refused);
      await server.up();
      await until('Redis', () => connections.every(({ isUp }) => isUp));
    });

    it('a Redis that is frozen keeps nobody from signing in for long', async () => {
      const attempts = createSharedAttempts(3, () => 0, rates[0]!);
      server.freeze();
      try {
        await attempts.take('ann');
      } finally {
        server.thaw();
      }
    });

    it('rejects with store.unavailable while Redis is away', async () => {
      await server.down('SIGKILL');
      try {
        await assert.rejects(rates[0]!.settle([use('x', 1)]), { code: 'store.unavailable' });
        await assert.rejects(rates[0]!.attempt('ann', 1, 1), { code: 'store.unavailable' });
        await assert.rejects(rates[0]!.forget('ann'), { code: 'store.unavailable' });
      } finally {
        await server.up();
      }
    });
  }),
);
