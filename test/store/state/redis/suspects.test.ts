import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Role } from '../../../../schemas/config.ts';
import type { Nodes } from '../../../../store/nodes.ts';
import { openRedisBus, type RedisBus } from '../../../../store/state/redis/bus.ts';
import { RedisConnection } from '../../../../store/state/redis/client.ts';
import { leaseClockKey, leasesKey, openRedisNodes } from '../../../../store/state/redis/nodes.ts';
import { withReal } from '../../../servers/not-available.ts';
import { findOwnRedis, type OwnRedisServer, startOwnRedis } from '../../../servers/redis.ts';
import { until } from '../../../support/until.ts';

const program = fileURLToPath(new URL('./node-child.js', import.meta.url));
const onError = (error: unknown): never => {
  throw error;
};
const startMs = 60_000;

/** A node in a process of its own. */
interface Child {
  readonly id: string;
  /** What it said. */
  readonly lines: string[];
  readonly process: ChildProcess;
}

/** Nodes of one database; the one in this process suspects the others. */
class Cluster {
  readonly own: Nodes;
  /** What the own node heard: `left b`. */
  readonly log: string[] = [];
  readonly redis: RedisConnection;
  readonly bus: RedisBus;
  readonly #url: string;
  /** The connections by which this process listens. */
  readonly #listening: readonly string[];
  readonly #ends: (() => unknown)[] = [];

  private constructor(
    url: string,
    redis: RedisConnection,
    bus: RedisBus,
    own: Nodes,
    listening: readonly string[],
  ) {
    this.#url = url;
    this.redis = redis;
    this.bus = bus;
    this.own = own;
    this.#listening = listening;
    own.onChange(({ left, joined }) => {
      this.log.push(...left.map(({ id }) => `left ${id}`), ...joined.map(({ id }) => `joined ${id}`));
    });
  }

  static async open(
    url: string,
    { settleMs = 0, channel }: { settleMs?: number; channel?: string } = {},
  ): Promise<Cluster> {
    const redis = await RedisConnection.open({ url });
    const bus = await openRedisBus({ url, onError });
    const own = await openRedisNodes({
      ...{ redis, bus, channel: channel ?? bus.ownChannel, onError, settleMs },
      self: { id: 'own', role: 'broker', startedAt: 1 },
      lookMs: 50,
    });
    return new Cluster(url, redis, bus, own, await listening(redis));
  }

  async start(id: string, role: Role): Promise<Child> {
    const child = spawn(process.execPath, [program, this.#url, id, role], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#ends.push(() => child.kill('SIGKILL'));
    const lines: string[] = [];
    child.stdout.on('data', (text: Buffer) => lines.push(...text.toString().trim().split('\n')));
    await until(`${id} has joined`, () => this.own.live().has(id), startMs);
    return { id, lines, process: child };
  }

  /** A node that has a lease and listens nowhere, as if its process had just ended. */
  async haunt(id: string): Promise<void> {
    const { redis } = this;
    const nodes = await openRedisNodes({
      ...{ redis, channel: `petrel:of-${id}`, onError },
      self: { id, role: 'worker', startedAt: 1 },
    });
    this.#ends.push(() => nodes.close());
    await until(`${id} has joined`, () => this.own.live().has(id));
  }

  /** Suspects the node, does something, and resolves after so many looks at it. */
  async suspect(id: string, looks: number, meanwhile?: () => Promise<unknown>): Promise<void> {
    await this.redis.command('config', 'resetstat');
    this.own.suspect(id);
    await meanwhile?.();
    await until(`${looks} looks`, async () => (await this.looks()) >= looks);
  }

  /** How often somebody looked since the last suspicion. */
  async looks(): Promise<number> {
    const stats = String(await this.redis.command('info', 'commandstats'));
    return Number(/cmdstat_pubsub\|numsub:calls=(\d+)/.exec(stats)?.[1] ?? 0);
  }

  /** Ends the connections by which other processes listen. */
  async deafen(): Promise<void> {
    for (const id of await listening(this.redis))
      if (!this.#listening.includes(id)) await this.redis.command('client', 'kill', 'id', id);
  }

  async close(): Promise<void> {
    for (const end of this.#ends) await end();
    await this.own.close();
    await this.bus.close();
    await this.redis.close();
  }
}

/** The ids of all connections by which somebody listens. */
const listening = async (redis: RedisConnection): Promise<string[]> =>
  String(await redis.command('client', 'list'))
    .split('\n')
    .filter((line) => line.includes('name=petrel-subscriber'))
    .map((line) => /^id=(\d+)/.exec(line)![1]!);

await withReal('redis', findOwnRedis, () =>
  describe('a node that was lost without a goodbye', () => {
    let server: OwnRedisServer;
    before(async () => {
      server = await startOwnRedis();
    });
    after(() => server.stop());

    it('has left long before its lease is over where its process was killed', async () => {
      const cluster = await Cluster.open(await server.newDatabase());
      const { own, log, redis } = cluster;
      try {
        const roles = ['worker', 'api', 'broker', 'all'] as const;
        const children = await Promise.all(roles.map((role) => cluster.start(role, role)));
        for (const { id, process } of children) {
          process.kill('SIGKILL');
          const lease = Number(await redis.command('zscore', leasesKey, id));
          own.suspect(id);
          await until(`${id} has left`, () => !own.live().has(id));
          assert.equal(await redis.command('zscore', leasesKey, id), '0');
          assert.ok(lease > Number(await redis.command('hget', leaseClockKey, 'now')));
        }
        assert.deepEqual(
          log.filter((line) => line.startsWith('left')),
          roles.map((role) => `left ${role}`),
        );
      } finally {
        await cluster.close();
      }
    });

    describe('and lives', () => {
      let cluster: Cluster;
      let child: Child;
      before(async () => {
        cluster = await Cluster.open(await server.newDatabase());
        child = await cluster.start('b', 'worker');
      });
      after(() => cluster?.close());
      const unharmed = (): void => assert.deepEqual([cluster.log, child.lines], [['joined b'], ['joined']]);

      it('stays, and is not looked at for ever', async () => {
        await cluster.suspect('b', 4);
        const { published } = cluster.bus.counters;
        await until('heartbeats', () => cluster.bus.counters.published > published + 2);
        assert.equal(await cluster.looks(), 4);
        unharmed();
      });

      it('stays where it is frozen: its lease decides', async () => {
        child.process.kill('SIGSTOP');
        await cluster.suspect('b', 4);
        child.process.kill('SIGCONT');
        unharmed();
      });

      it('stays where its connection to Redis is made anew meanwhile', async () => {
        await cluster.suspect('b', 4, () => cluster.deafen());
        unharmed();
      });

      it('and was taken for dead hears of it, and joins again', async () => {
        // Its connections end as often as they are made: to everybody else it looks dead.
        let cutting = true;
        const cut = (async () => {
          while (cutting) await cluster.deafen();
        })();
        cluster.own.suspect('b');
        await until('b has left', () => cluster.log.includes('left b')).finally(() => {
          cutting = false;
        });
        await cut;
        await until('b is back', () => cluster.own.live().has('b'));
        await until('it was told', () => child.lines.includes('expired'));
      });

      it('and says goodbye has left at once, whoever suspects it', async () => {
        const before = cluster.log.length;
        cluster.own.suspect('b');
        child.process.kill('SIGTERM');
        await until('b has left', () => !cluster.own.live().has('b'));
        cluster.own.suspect('b');
        assert.deepEqual(cluster.log.slice(before), ['left b']);
      });
    });

    it('stays where nobody is heard, this node neither: then nothing can be told', async () => {
      const cluster = await Cluster.open(await server.newDatabase(), { channel: 'petrel:nobody' });
      try {
        await cluster.haunt('b');
        await cluster.suspect('b', 6);
        assert.deepEqual(cluster.log, ['joined b']);
      } finally {
        await cluster.close();
      }
    });

    it('is looked at only when Redis has been there for a while', async () => {
      const cluster = await Cluster.open(await server.newDatabase(), { settleMs: 600_000 });
      try {
        await cluster.haunt('b');
        const { published } = cluster.bus.counters;
        // Heartbeats go on for longer than two looks would take.
        await cluster.suspect('b', 0, () =>
          until('heartbeats', () => cluster.bus.counters.published > published + 1),
        );
        assert.deepEqual([cluster.log, await cluster.looks()], [['joined b'], 0]);
      } finally {
        await cluster.close();
      }
    });

    it('of which nothing is known is none', async () => {
      const cluster = await Cluster.open(await server.newDatabase());
      try {
        cluster.own.suspect('nobody');
        assert.equal(await cluster.redis.command('zscore', leasesKey, 'nobody'), null);
      } finally {
        await cluster.close();
      }
    });
  }),
);
