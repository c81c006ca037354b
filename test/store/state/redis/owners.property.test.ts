import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { StoredSession } from '../../../../store/sessions.ts';
import { withReal } from '../../../servers/not-available.ts';
import { findRedis, type RedisServer, startRedis } from '../../../servers/redis.ts';
import { until } from '../../../support/until.ts';
import { TestCluster, type TestNode } from './cluster.ts';

interface TestConnection {
  readonly key: string;
  readonly number: number;
  readonly session: StoredSession;
}

/** What all brokers together saw. */
interface Seen {
  /** Marks whose write was acknowledged, by session. */
  readonly stored: Map<string, Set<string>>;
  /** Numbers of connections that were made. */
  readonly connected: { readonly key: string; readonly number: number }[];
  /** Numbers of those that ended, and were stored, by themselves. */
  readonly ended: Set<number>;
  /** Numbers of those that ended with their node. */
  readonly killed: Set<number>;
  readonly orphans: number[];
}

/** Does with its sessions what a broker does, as far as others are concerned. */
class TestBroker {
  readonly node: TestNode;
  readonly connections = new Map<string, TestConnection>();
  /** It is frozen, as far as takeovers go. */
  deaf = false;
  readonly #seen: Seen;
  readonly #turns = new Map<string, Promise<void>>();
  /** Connections that are about to end, by key. */
  readonly #ending = new Map<string, TestConnection>();
  readonly #opening = new Map<string, 'wanted' | 'lost'>();
  #dead = false;

  constructor(node: TestNode, seen: Seen) {
    this.node = node;
    this.#seen = seen;
    node.owners.onLost((key) => {
      if (this.deaf) return;
      if (this.connections.has(key)) void this.end(key);
      else if (this.#opening.has(key)) this.#opening.set(key, 'lost');
      // It did not let go when it ended.
      else void this.#inTurn(key, async () => this.#isTaken(key) || node.owners.release(key));
    });
    node.owners.onOrphan(async ({ number }) => void seen.orphans.push(number));
    node.owners.start();
  }

  #isTaken(key: string): boolean {
    return this.connections.has(key) || this.#ending.has(key);
  }

  #inTurn(key: string, work: () => Promise<unknown>): Promise<void> {
    const turn = (this.#turns.get(key) ?? Promise.resolve()).then(async () => {
      try {
        await work();
      } catch (error) {
        // Another one has it, or this node is dead.
        if ((error as { code?: string }).code !== 'store.unavailable') throw error;
      }
    });
    this.#turns.set(key, turn);
    return turn;
  }

  settled(): Promise<unknown> {
    return Promise.all(this.#turns.values());
  }

  async connect(key: string, mark: string): Promise<void> {
    for (let opened = false; !opened; ) {
      if (this.connections.has(key)) void this.end(key);
      await this.#inTurn(key, async () => {
        // Of several that come at once, each ends the one before it, and waits for what that leaves.
        if (this.#isTaken(key)) return;
        opened = true;
        this.#opening.set(key, 'wanted');
        try {
          await this.#open(key, mark);
        } finally {
          this.#opening.delete(key);
        }
      });
    }
  }

  async #open(key: string, mark: string): Promise<void> {
    const { owners, sessions } = this.node;
    const number = await owners.take(key);
    if (number === undefined) return owners.release(key);
    const [uid, clientId] = key.split('/') as [string, string];
    const kept = await sessions.get(uid, clientId);
    const { disconnectedAt: _, ...session } = kept ?? {
      ...{ uid, clientId, createdAt: 1, expirySeconds: 3600, positions: {}, silenced: [] },
      subscriptions: [],
    };
    const next = { ...session, subscriptions: [...session.subscriptions, { filter: mark, qos: 0 as const }] };
    await sessions.put(next);
    this.#seen.stored.get(key)!.add(mark);
    if (this.#dead) return;
    if (this.#opening.get(key) === 'lost') return owners.release(key);
    this.connections.set(key, { key, number, session: next });
    this.#seen.connected.push({ key, number });
  }

  end(key: string): Promise<void> {
    const { owners, sessions } = this.node;
    const connection = this.connections.get(key);
    if (connection === undefined) return Promise.resolve();
    this.connections.delete(key);
    this.#ending.set(key, connection);
    return this.#inTurn(key, async () => {
      this.#ending.delete(key);
      this.#seen.ended.add(connection.number);
      await sessions.put({ ...connection.session, disconnectedAt: Date.now() }).catch(() => {});
      await owners.release(key);
    });
  }

  async kill(): Promise<void> {
    this.#dead = true;
    for (const { number } of [...this.connections.values(), ...this.#ending.values()])
      this.#seen.killed.add(number);
    this.connections.clear();
    await this.node.kill();
  }
}

const keys = ['alice/phone', 'bob/tablet'];
const node = fc.nat({ max: 2 });
const key = fc.constantFrom(...keys);
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ type: fc.constant('connect' as const), node, key }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('end' as const), node, key }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('kill' as const), node }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('expire' as const), node }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('deafen' as const), node }) },
);

await withReal('redis', findRedis, () =>
  describe('connections of one session all over a cluster', () => {
    let server: RedisServer;
    before(async () => {
      server = await startRedis();
    });
    after(() => server.stop());

    it('leave the newest one and a whole session, and each that did not end by itself is an orphan once', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.record({ step, waits: fc.boolean() }), { minLength: 3, maxLength: 20 }),
          async (steps) => {
            const cluster = await TestCluster.open(await server.newDatabase(), { patienceMs: 15 });
            const seen: Seen = {
              stored: new Map(keys.map((one) => [one, new Set()])),
              ...{ connected: [], ended: new Set(), killed: new Set(), orphans: [] },
            };
            try {
              const brokers: TestBroker[] = [];
              for (const id of ['n0', 'n1', 'n2']) brokers.push(new TestBroker(await cluster.join(id), seen));
              const running: Promise<unknown>[] = [];
              for (const [i, { step: one, waits }] of steps.entries()) {
                const broker = brokers[one.node]!;
                const work = run(cluster, brokers, seen, one, `m${i}`);
                running.push(work);
                // What replaces a node is there before it is used.
                if (waits || one.type === 'kill') await work;
                assert.ok(broker.connections.size <= keys.length);
              }
              await Promise.all(running);
              for (const broker of brokers) broker.deaf = false;
              cluster.lose();
              const died = steps.some(({ step: { type } }) => type === 'expire' || type === 'kill');
              await check(brokers, seen, !died);
            } finally {
              await cluster.close();
            }
          },
        ),
        { numRuns: 25, includeErrorInReport: true },
      );
    });

    async function run(
      cluster: TestCluster,
      brokers: TestBroker[],
      seen: Seen,
      one: typeof step extends fc.Arbitrary<infer T> ? T : never,
      mark: string,
    ): Promise<void> {
      const broker = brokers[one.node]!;
      switch (one.type) {
        case 'connect':
          return broker.connect(one.key, mark);
        case 'end':
          return broker.end(one.key);
        case 'expire':
          return cluster.expire(broker.node.id);
        case 'deafen':
          broker.deaf = true;
          return;
        case 'kill':
          await broker.kill();
          await cluster.expire(broker.node.id);
          brokers[one.node] = new TestBroker(await cluster.join(`${broker.node.id}+`), seen);
      }
    }

    async function check(brokers: TestBroker[], seen: Seen, once: boolean): Promise<void> {
      const open = (one: string) => brokers.flatMap(({ connections }) => connections.get(one) ?? []);
      const newestOf = (one: string) =>
        Math.max(0, ...seen.connected.filter((c) => c.key === one).map((c) => c.number));
      await until('of each session the newest connection is left at most', async () => {
        await Promise.all(brokers.map((broker) => broker.settled()));
        return keys.every((one) => open(one).every(({ number }) => number === newestOf(one)));
      });
      for (const one of keys) {
        const newest = newestOf(one);
        if (newest > 0 && open(one).length === 0)
          assert.ok(seen.ended.has(newest) || seen.killed.has(newest), 'the newest is gone');
        const [uid, clientId] = one.split('/') as [string, string];
        const kept = await brokers[0]!.node.sessions.get(uid, clientId);
        const marks = new Set(kept?.subscriptions.map(({ filter }) => filter));
        for (const mark of seen.stored.get(one)!) assert.ok(marks.has(mark), `${mark} is lost`);
      }
      await until('what died has come to somebody', () =>
        [...seen.killed].every((number) => seen.orphans.includes(number)),
      );
      // Where a node that finishes one dies or loses its lease meanwhile, another does so too.
      if (once) assert.equal(new Set(seen.orphans).size, seen.orphans.length, 'an orphan came twice');
      for (const one of keys) {
        const [uid, clientId] = one.split('/') as [string, string];
        await until('a session without a connection is disconnected', async () => {
          const kept = await brokers[0]!.node.sessions.get(uid, clientId);
          return open(one).length === 1 || kept === undefined || kept.disconnectedAt !== undefined;
        });
      }
    }
  }),
);
