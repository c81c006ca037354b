import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openRedisBus, type RedisBus, type RedisBusOptions } from '../../../../store/state/redis/bus.ts';
import { RedisConnection } from '../../../../store/state/redis/client.ts';
import { withReal } from '../../../servers/not-available.ts';
import { startProxy, type TcpProxy } from '../../../servers/proxy.ts';
import { findOwnRedis, type OwnRedisServer, startOwnRedis } from '../../../servers/redis.ts';
import { Seeded } from '../../../support/seeded.ts';
import { until } from '../../../support/until.ts';
import { busEvent } from '../../bus.conformance.ts';

const conv = 'g:team';
const unavailable = { name: 'PetrelError', code: 'store.unavailable' };
/** So that what is dead is noticed soon. */
const quick = { timeoutMs: 300, pingMs: 50, beatMs: 50, retryMs: 50, lingerMs: 100 } as const;

/** Whether the bus says that it does not work. */
const isAway = (bus: RedisBus): Promise<boolean> =>
  bus.check().then(
    () => false,
    () => true,
  );

/** Publishes numbered events without end. */
class Stream {
  seq = 0;
  readonly #bus: RedisBus;
  readonly #timer: NodeJS.Timeout;

  constructor(bus: RedisBus) {
    this.#bus = bus;
    this.#timer = setInterval(() => this.publish(), 2);
  }

  publish(): number {
    this.seq++;
    this.#bus.publishEvent(busEvent(conv, this.seq), false);
    return this.seq;
  }

  end(): void {
    clearInterval(this.#timer);
  }
}

/** What a node has heard of a stream, and how far the stream was when the node was told of a loss. */
class Listener {
  readonly heard = new Set<number>();
  /** What a node that reads on from the timeline has, when it was told. */
  replayed = 0;
  losses = 0;
  last = 0;

  constructor(bus: RedisBus, stream: { readonly seq: number }) {
    bus.onEvent(({ seq }) => {
      this.heard.add(seq);
      this.last = seq;
    });
    bus.onLoss(() => {
      this.losses++;
      this.replayed = stream.seq;
    });
  }

  missing(upTo: number): number[] {
    return Array.from({ length: upTo }, (_, i) => i + 1).filter(
      (seq) => seq > this.replayed && !this.heard.has(seq),
    );
  }
}

await withReal('redis', findOwnRedis, () =>
  describe('loss on the bus on Redis', () => {
    let server: OwnRedisServer;
    let url: string;
    before(async () => {
      server = await startOwnRedis();
    });
    after(() => server.stop());

    interface Scene {
      readonly publisher: RedisBus;
      readonly listener: RedisBus;
      readonly stream: Stream;
      readonly heard: Listener;
      /** The listener's way to Redis, and the publisher's. */
      readonly ways: { readonly listener: TcpProxy; readonly publisher: TcpProxy };
      /** Resolves when new events arrive at the listener again; then nothing may be missing. */
      complete(): Promise<void>;
    }

    async function withScene(
      use: (scene: Scene) => Promise<void>,
      options: {
        readonly publisher?: Partial<RedisBusOptions>;
        readonly listener?: Partial<RedisBusOptions>;
      } = {},
    ): Promise<void> {
      url = await server.newDatabase();
      const ways = { listener: await startProxy(server.port), publisher: await startProxy(server.port) };
      const open = async (way: TcpProxy, more: Partial<RedisBusOptions> = {}): Promise<RedisBus> => {
        const through = new URL(url);
        through.port = String(way.port);
        return openRedisBus({ url: through.toString(), onError: () => {}, ...quick, ...more });
      };
      const publisher = await open(ways.publisher, options.publisher);
      const listener = await open(ways.listener, options.listener);
      await listener.listen(conv);
      const stream = new Stream(publisher);
      const heard = new Listener(listener, stream);
      try {
        await until('the stream', () => heard.heard.size > 5);
        await use({
          publisher,
          listener,
          stream,
          heard,
          ways,
          async complete() {
            const { seq } = stream;
            await until('the stream again', () => heard.last > seq + 5, 20_000);
            assert.deepEqual(heard.missing(heard.last), []);
          },
        });
      } finally {
        stream.end();
        await Promise.all([publisher.close(), listener.close()]);
        await Promise.all([ways.listener.close(), ways.publisher.close()]);
      }
    }

    it('is told after Redis was started again', () =>
      withScene(async ({ heard, listener, complete }) => {
        await server.down('SIGKILL');
        await until('the loss of both connections', async () => {
          const tried = await Promise.allSettled([listener.flushed(), listener.listen('u:bob')]);
          return tried.every(({ status }) => status === 'rejected');
        });
        await assert.rejects(listener.flushed(), unavailable);
        await assert.rejects(listener.listen('u:alice'), unavailable);
        await assert.rejects(listener.check(), unavailable);
        await server.up();
        await complete();
        assert.ok(heard.losses > 0);
        await listener.check();
        await listener.listen('u:alice');
      }));

    it('is told where Redis was frozen, or all of it comes when Redis goes on', () =>
      withScene(async ({ listener, complete }) => {
        server.freeze();
        server.thaw();
        await complete();
        server.freeze();
        try {
          await until('the server to be given up', () => isAway(listener));
        } finally {
          server.thaw();
        }
        await complete();
      }));

    it('is told after the connection that listens was killed, once', () =>
      withScene(async ({ heard, complete }) => {
        const redis = await RedisConnection.open({ url });
        await redis.command('client', 'kill', 'type', 'pubsub');
        await redis.close();
        await until('the loss', () => heard.losses > 0);
        await complete();
        assert.equal(heard.losses, 1);
      }));

    it('is told after the node was cut off without a word', () =>
      withScene(async ({ heard, listener, ways, complete }) => {
        ways.listener.swallow();
        await until('the loss of the connections', () => isAway(listener));
        ways.listener.heal();
        await complete();
        assert.ok(heard.losses > 0);
      }));

    it('is told by the heartbeat where only the connection that listens is dead and nobody tries it', () =>
      withScene(
        async ({ heard, ways, complete }) => {
          // The second connection of a bus is the one that listens.
          ways.listener.swallowOne(1);
          await until('the loss', () => heard.losses > 0);
          await complete();
        },
        { listener: { pingMs: 60_000, timeoutMs: 60_000 } },
      ));

    it('is not where a publisher was cut off: it tells later what it had to say, in order', () =>
      withScene(async ({ publisher, heard, stream, ways, complete }) => {
        ways.publisher.swallow();
        await until('the loss of the connections', () => isAway(publisher));
        const cutAt = heard.last;
        for (let i = 0; i < 100; i++) stream.publish();
        await assert.rejects(publisher.flushed(), unavailable);
        ways.publisher.heal();
        await complete();
        assert.equal(heard.losses, 0);
        assert.ok(heard.last > cutAt + 100);
      }));

    it('is told by a publisher that had to say more than it may keep', () =>
      withScene(
        async ({ publisher, heard, stream, ways, complete }) => {
          ways.publisher.cut();
          ways.publisher.swallow();
          while (publisher.counters.dropped === 0) stream.publish();
          publisher.publish({ type: 'stale', user: 'alice' });
          ways.publisher.heal();
          await until('the loss', () => heard.losses > 0);
          await complete();
        },
        { publisher: { maxQueuedBytes: 20_000 } },
      ));

    it('is told of to every node, the one that had to drop something included', () =>
      withScene(
        async ({ publisher, stream, ways }) => {
          let told = 0;
          publisher.onLoss(() => told++);
          ways.publisher.swallowOne(0);
          while (publisher.counters.dropped === 0) {
            stream.publish();
            await new Promise(setImmediate);
          }
          await until('the loss', () => told > 0);
        },
        { publisher: { maxQueuedBytes: 20_000 } },
      ));

    it('is told, or nothing is missing, whatever happens to whom', () =>
      withScene(
        async ({ ways, complete }) => {
          const random = new Seeded(7);
          const admin = await RedisConnection.open({ url, retryMs: 20 });
          const pause = () => new Promise((resolve) => setTimeout(resolve, random.between(0, 150)));
          const faults: readonly (() => Promise<unknown> | undefined)[] = [
            async () => ways.listener.cut(),
            async () => ways.publisher.cut(),
            async () => {
              ways.listener.swallow();
              await pause();
              ways.listener.heal();
            },
            async () => {
              ways.publisher.swallow();
              await pause();
              ways.publisher.heal();
            },
            async () => {
              server.freeze();
              await pause();
              server.thaw();
            },
            () => admin.command('client', 'kill', 'type', 'pubsub').catch(() => {}),
            () => admin.command('client', 'kill', 'type', 'normal', 'skipme', 'yes').catch(() => {}),
          ];
          for (let i = 0; i < 25; i++) {
            await random.pick(faults)();
            await pause();
          }
          await complete();
          await admin.close();
        },
        { publisher: { maxQueuedBytes: 20_000 } },
      ));
  }),
);
