import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { RedisConnection, type RedisConnectionOptions } from '../../../../store/state/redis/client.ts';
import { checkPersistence } from '../../../../store/state/redis/persistence.ts';
import { withReal } from '../../../servers/not-available.ts';
import { startProxy } from '../../../servers/proxy.ts';
import { findOwnRedis, type OwnRedisServer, startOwnRedis } from '../../../servers/redis.ts';

const unavailable = { name: 'PetrelError', code: 'store.unavailable' };

await withReal('redis', findOwnRedis, () =>
  describe('a connection to Redis', () => {
    let server: OwnRedisServer;
    let url: string;
    before(async () => {
      server = await startOwnRedis();
      url = await server.newDatabase();
    });
    after(() => server.stop());

    const withConnection = async (
      work: (redis: RedisConnection) => Promise<void>,
      options: Partial<RedisConnectionOptions> = {},
    ): Promise<void> => {
      const redis = await RedisConnection.open({ url, ...options });
      try {
        await work(redis);
      } finally {
        await redis.close();
      }
    };
    /** Resolves when the connection is there (again). */
    const up = (redis: RedisConnection): Promise<void> =>
      new Promise((resolve) => {
        const end = redis.onUp(() => {
          end();
          resolve();
        });
      });

    it('answers commands, alone and together', () =>
      withConnection(async (redis) => {
        assert.equal(await redis.command('set', 'a', 1), 'OK');
        assert.equal(await redis.command('get', 'a'), '1');
        assert.deepEqual(await redis.commandBuffer('get', 'a'), Buffer.from('1'));
        assert.deepEqual(
          await redis.pipeline([
            ['incr', 'a'],
            ['get', 'a'],
          ]),
          [2, '2'],
        );
        assert.deepEqual(
          await redis.transaction([
            ['incr', 'a'],
            ['get', 'a'],
          ]),
          [3, '3'],
        );
        assert.deepEqual(await redis.pipeline([]), []);
      }));

    it('calls scripts, also those that Redis has forgotten', () =>
      withConnection(async (redis) => {
        const script = redis.script("return {KEYS[1], ARGV[1], redis.call('incr', KEYS[1])}");
        assert.deepEqual(await script(['s'], ['x']), ['s', 'x', 1]);
        await redis.command('script', 'flush');
        assert.deepEqual(await script(['s'], ['y']), ['s', 'y', 2]);
      }));

    it('passes on what a faulty command is told', () =>
      withConnection(async (redis) => {
        await redis.command('set', 'text', 'x');
        await assert.rejects(redis.command('incr', 'text'), { name: 'ReplyError' });
        await assert.rejects(
          redis.pipeline([
            ['incr', 'text'],
            ['get', 'text'],
          ]),
          { name: 'ReplyError' },
        );
      }));

    it('says that Redis is unavailable where it refuses writes', () =>
      withConnection(async (redis) => {
        await redis.command('config', 'set', 'min-replicas-to-write', 1);
        try {
          await assert.rejects(redis.command('set', 'a', 1), unavailable);
          await assert.rejects(redis.transaction([['set', 'a', 1]]), unavailable);
        } finally {
          await redis.command('config', 'set', 'min-replicas-to-write', 0);
        }
      }));

    it('rejects its opening where the server is not there', async () => {
      await assert.rejects(RedisConnection.open({ url: 'redis://127.0.0.1:1' }), unavailable);
    });

    it('rejects at once while Redis is down, and works again by itself', () =>
      withConnection(
        async (redis) => {
          await redis.command('set', 'kept', 'yes');
          await server.down('SIGKILL');
          await assert.rejects(redis.command('get', 'kept'), unavailable);
          await assert.rejects(redis.pipeline([['get', 'kept']]), unavailable);
          await assert.rejects(redis.check(), unavailable);
          const again = up(redis);
          await server.up();
          await again;
          assert.equal(await redis.command('get', 'kept'), 'yes');
        },
        { retryMs: 50 },
      ));

    it('gives a frozen server up, and comes back to it', () =>
      withConnection(
        async (redis) => {
          const down = new Promise<void>((resolve) => void redis.onDown(resolve));
          server.freeze();
          try {
            await assert.rejects(redis.command('get', 'kept'), unavailable);
            await down;
          } finally {
            server.thaw();
          }
          if (!redis.isUp) await up(redis);
          assert.equal(await redis.command('ping'), 'PONG');
        },
        { timeoutMs: 200, pingMs: 50, retryMs: 50 },
      ));

    it('notices that it was cut off without a word, and finds another way', async () => {
      const proxy = await startProxy(server.port);
      try {
        const way = new URL(url);
        way.port = String(proxy.port);
        await withConnection(
          async (redis) => {
            const down = new Promise<void>((resolve) => void redis.onDown(resolve));
            proxy.swallow();
            await down;
            await assert.rejects(redis.command('ping'), unavailable);
            const again = up(redis);
            proxy.heal();
            await again;
            assert.equal(await redis.command('ping'), 'PONG');
          },
          { url: way.toString(), timeoutMs: 200, pingMs: 50, retryMs: 50 },
        );
      } finally {
        await proxy.close();
      }
    });

    it('closes while it is connected, while it is not, and twice', async () => {
      const redis = await RedisConnection.open({ url });
      const answer = redis.command('ping');
      await redis.close();
      assert.equal(await answer, 'PONG');
      await assert.rejects(redis.command('ping'), unavailable);
      await redis.close();

      const other = await RedisConnection.open({ url, retryMs: 50 });
      const lost = once(other.client, 'close');
      await server.down();
      await lost;
      await other.close();
      await server.up();
    });

    it('never uses another database than its own', async () => {
      const few = await startOwnRedis(['--databases', '2']);
      const at = (database: number) => `redis://127.0.0.1:${few.port}/${database}`;
      await assert.rejects(RedisConnection.open({ url: at(2) }), (error: Error) => {
        assert.match(error.message, /DB index is out of range/);
        return true;
      });
      const own = await RedisConnection.open({ url: at(1) });
      await own.command('set', 'here', 1);
      const first = await RedisConnection.open({ url: at(0) });
      assert.equal(await first.command('exists', 'here'), 0);
      await Promise.all([own.close(), first.close()]);
      await few.stop();
    });

    it('warns of a server that does not keep what it is given', () =>
      withConnection(async (redis) => {
        const warnings = async (): Promise<string[]> => {
          const heard: string[] = [];
          await checkPersistence(redis, (message) => heard.push(message));
          return heard;
        };
        assert.deepEqual(await warnings(), []);
        await redis.command('config', 'set', 'appendfsync', 'everysec');
        assert.equal((await warnings()).length, 1);
        await redis.command('config', 'set', 'appendonly', 'no');
        await redis.command('config', 'set', 'maxmemory', '1gb');
        await redis.command('config', 'set', 'maxmemory-policy', 'allkeys-lru');
        assert.equal((await warnings()).length, 2);
      }));
  }),
);
