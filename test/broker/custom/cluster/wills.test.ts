import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Departed } from '../../../../broker/custom/cluster/departed.ts';
import { adoptWill, scheduleShared, settleShared } from '../../../../broker/inbound/cluster-will.ts';
import type { WillContext } from '../../../../broker/inbound/send-will.ts';
import { Registry } from '../../../../broker/registry.ts';
import type { NodesChange } from '../../../../store/nodes.ts';
import { withReal } from '../../../servers/not-available.ts';
import { findRedis, type RedisServer, startRedis } from '../../../servers/redis.ts';
import { until } from '../../../support/until.ts';
import { connect, type TestClient } from '../fixture.ts';
import { drained, NodeBench } from './nodes.ts';

const will = { topic: 'wills', payload: Buffer.from('gone'), qos: 1, retain: false } as const;
const user = { uid: 'bob', scopes: new Set<string>() };
const key = 'bob/b';

/** A node with what wills need of a broker. */
class WillNode {
  readonly bench: NodeBench;
  readonly registry: Registry;
  readonly context: WillContext;
  readonly live = new Map<string, unknown>();
  #changed: (change: NodesChange) => void = () => {};
  #departed: Departed | undefined;

  constructor(bench: NodeBench, node: string) {
    this.bench = bench;
    const now = (): number => bench.clock.now;
    this.registry = new Registry(now);
    this.context = {
      ...{ registry: this.registry, custom: bench.cluster, now },
      isBanned: async () => false,
      log: { warn: () => {} },
    } as unknown as WillContext;
    this.live.set(node, {});
  }

  get wills() {
    return this.bench.cluster.clusterWills;
  }

  /** A connection with a will gets its CONNACK. */
  keep(delaySeconds = 0): Promise<void> {
    return this.bench.cluster.keepWill(key, { ...user, expiresAt: 0 }, will, delaySeconds);
  }

  /** It ends without DISCONNECT. */
  async end(delaySeconds = 0): Promise<void> {
    const token = this.wills.tokenOf(key)!;
    scheduleShared(this.context, this.wills, { session: key, ...user, will, token }, delaySeconds);
    await this.bench.cluster.settled(key);
  }

  take(resumed: boolean): Promise<void> {
    return settleShared(this.context, this.wills, key, resumed);
  }

  /** Looks after what dead nodes left. */
  tend(others: readonly string[]): void {
    for (const other of others) this.live.set(other, {});
    this.#departed = new Departed({
      shared: this.bench.shared,
      topics: this.bench.cluster,
      nodes: {
        live: () => this.live,
        onChange: (handler: (change: NodesChange) => void) => {
          this.#changed = handler;
          return () => {};
        },
        onExpired: () => () => {},
      } as unknown as ConstructorParameters<typeof Departed>[0]['nodes'],
      adopt: (left) => adoptWill(this.context, this.wills, left),
      now: this.context.now,
      onError: (error) => this.bench.errors.push(error),
      lookMs: 10,
      patienceMs: 1000,
    });
  }

  /** It is told that a node has left. */
  left(id: string): void {
    this.live.delete(id);
    this.#changed({ joined: [], left: [{ id, role: 'all', startedAt: 0 }] });
  }

  async leave(): Promise<void> {
    await this.#departed?.close();
    this.registry.close();
    await this.bench.leave();
  }
}

await withReal('redis', findRedis, () =>
  describe('a will of one of several nodes', () => {
    let redis: RedisServer;
    before(async () => {
      redis = await startRedis();
    });
    after(() => redis.stop());

    /** Three nodes; `got` ends when the reader has all, with one more message as the last. */
    async function three(
      use: (nodes: [WillNode, WillNode, WillNode], got: () => Promise<string[]>) => Promise<void>,
    ): Promise<void> {
      const url = await redis.newDatabase();
      const ids = ['a', 'b', 'c'];
      const nodes = await Promise.all(ids.map(async (id) => new WillNode(await NodeBench.join(url, id), id)));
      const [a, b, c] = nodes as [WillNode, WillNode, WillNode];
      const reader: TestClient = connect('reader/r', { persistent: true });
      await c.bench.subscribe(reader, 'wills');
      const got = async (): Promise<string[]> => {
        await c.registry.settledTurns();
        await a.bench.publish(connect('pub/p'), 'wills', 'end');
        const all: string[] = [];
        await until('the end', () => {
          all.push(...c.bench.drain(reader));
          return all.includes('end');
        });
        return all;
      };
      try {
        await use([a, b, c], got);
        assert.deepEqual(
          nodes.flatMap(({ bench }) => bench.errors),
          [],
        );
      } finally {
        await Promise.all(nodes.map((node) => node.leave()));
      }
    }

    it('is sent once when the connection ends, and not when it was dropped', () =>
      three(async ([a, b], got) => {
        await a.keep();
        await a.end();
        await a.registry.settledTurns();
        await b.keep();
        b.bench.cluster.dropWill(key);
        await b.bench.cluster.settled(key);
        await a.take(false);
        assert.deepEqual(await got(), ['gone', 'end']);
        assert.deepEqual(await a.bench.shared.adoptWills('a', 'x', 10), []);
        assert.deepEqual(await a.bench.shared.adoptWills('b', 'x', 10), []);
      }));

    it('is sent when its node dies, by one of the others', () =>
      three(async ([a, b, c], got) => {
        await a.keep();
        for (const node of [b, c]) node.tend(['a', 'b', 'c']);
        for (const node of [b, c]) node.left('a');
        await until('nothing of the dead node', async () => !(await c.bench.shared.nodes()).includes('a'));
        await Promise.all([b.registry.settledTurns(), c.registry.settledTurns()]);
        assert.deepEqual(await got(), ['gone', 'end']);
      }));

    it('is sent when its node had died before any other one was there', () =>
      three(async ([a, b], got) => {
        await a.keep();
        b.tend(['b', 'c']);
        await until('patience', () => {
          b.bench.clock.now += 500;
          return b.bench.shared.nodes().then((known) => !known.includes('a'));
        });
        await b.registry.settledTurns();
        assert.deepEqual(await got(), ['gone', 'end']);
      }));

    it('with a delay outlives the node that waits, and is not sent where its session is resumed elsewhere', () =>
      three(async ([a, b, c], got) => {
        await a.keep(60);
        await a.end(60);
        b.tend(['a', 'b', 'c']);
        b.left('a');
        await until('an adopted will', async () => !(await b.bench.shared.nodes()).includes('a'));
        await c.take(true);
        assert.deepEqual(await got(), ['end']);
        assert.equal(await b.wills.takeOver(key), undefined);
      }));

    it('with a delay is sent at once where its session begins anew elsewhere', () =>
      three(async ([a, b], got) => {
        await a.keep(60);
        await a.end(60);
        await b.take(false);
        await b.registry.settledTurns();
        await a.take(false);
        assert.deepEqual(await got(), ['gone', 'end']);
      }));

    it('with a delay is sent by the node that waits when it is over', () =>
      three(async ([a, , c]) => {
        const live = connect('live/1');
        await c.bench.subscribe(live, 'wills');
        await a.keep(0.02);
        await a.end(0.02);
        assert.deepEqual(await drained(c.bench, live, 1), ['gone']);
        await until('its end', async () => (await c.wills.takeOver(key)) === undefined);
      }));

    it('without a delay is sent though the session is resumed elsewhere before the death is known', () =>
      three(async ([, b, c], got) => {
        await b.keep();
        await c.take(true);
        await c.registry.settledTurns();
        // The node lives after all: its connection ends now.
        await b.end();
        await b.registry.settledTurns();
        assert.deepEqual(await got(), ['gone', 'end']);
      }));

    it('is sent though the newer connection has kept its own, which stays', () =>
      three(async ([a, b], got) => {
        await a.keep();
        const token = a.wills.tokenOf(key)!;
        await b.keep();
        scheduleShared(a.context, a.wills, { session: key, ...user, will, token }, 0);
        await a.bench.cluster.settled(key);
        await a.registry.settledTurns();
        assert.deepEqual(await got(), ['gone', 'end']);
        assert.equal((await a.wills.takeOver(key))?.token, b.wills.tokenOf(key));
      }));
  }),
);
