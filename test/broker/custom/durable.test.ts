import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { DatabaseSync } from '@photostructure/sqlite';
import fc from 'fast-check';
import type { CustomOptions } from '../../../broker/custom/options.ts';
import { openSqliteCustom } from '../../../store/custom/sqlite.ts';
import type { CustomStore } from '../../../store/custom.ts';
import type { StoredSubscription } from '../../../store/sessions.ts';
import { until } from '../../support/until.ts';
import { Bench, connect, type TestClient } from './fixture.ts';
import { Receiver } from './receiver.ts';

const persistent = { persistent: true } as const;
const subscription: StoredSubscription = { filter: 't/#', qos: 2 };

/** Custom topics on a store, which can be left and taken up again. */
class DurableBench {
  readonly #dir: string;
  readonly #options: Partial<CustomOptions>;
  #store!: CustomStore;
  bench!: Bench;

  private constructor(dir: string, options: Partial<CustomOptions>) {
    this.#dir = dir;
    this.#options = options;
  }

  static async with(
    use: (durable: DurableBench) => Promise<void>,
    options: Partial<CustomOptions> = {},
  ): Promise<void> {
    const durable = new DurableBench(await mkdtemp(join(tmpdir(), 'petrel-durable-')), options);
    await durable.#open();
    try {
      await use(durable);
    } finally {
      await durable.#close();
      await rm(durable.#dir, { recursive: true });
    }
  }

  async #open(): Promise<void> {
    this.#store = await openSqliteCustom({ dir: this.#dir });
    this.bench = await Bench.open({ ...this.#options, store: this.#store });
  }

  async #close(): Promise<void> {
    await this.bench.topics.close();
    await this.#store.close();
  }

  /** Another process takes over what is stored; sessions have `subscription`. */
  async restart(...keys: string[]): Promise<void> {
    await this.#close();
    await this.#open();
    for (const key of keys)
      this.bench.topics.restore(key, { uid: key.split('/')[0]!, scopes: new Set() }, [subscription]);
  }

  async resume(key: string, options = {}): Promise<TestClient> {
    const client = connect(key, { ...persistent, ...options });
    await this.bench.topics.resume(client, [subscription]);
    return client;
  }

  async subscribe(key: string): Promise<TestClient> {
    const client = connect(key, persistent);
    const { filter, ...options } = subscription;
    await this.bench.subscribe(client, filter, options);
    return client;
  }

  /** Another connection to the database. */
  sql(text: string): unknown[] {
    const database = new DatabaseSync(join(this.#dir, 'custom.db'), { timeout: 2000 });
    try {
      return database.prepare(text).all();
    } finally {
      database.close();
    }
  }
}

const pub = connect('pub/p');

describe('custom topics on a store', () => {
  it('queue for a session that is away, and deliver in order after a restart', () =>
    DurableBench.with(async (durable) => {
      const bob = await durable.subscribe('bob/b');
      durable.bench.topics.detach(bob);
      const properties = { contentType: 'text/x', correlationData: Buffer.from([0, 255]) };
      const sent = Array.from({ length: 20 }, (_, i) =>
        durable.bench.publish(pub, `t/${i % 3}`, `${i}`, i === 0 ? { properties } : {}),
      );
      await Promise.all(sent);
      await durable.restart('bob/b');
      await durable.bench.publish(pub, 't/x', 'after');
      const again = await durable.resume('bob/b');
      const [first, ...others] = again.link.publishes();
      assert.equal(first!.properties?.contentType, 'text/x');
      assert.deepEqual(first!.properties?.correlationData, properties.correlationData);
      const payloads = [first!, ...others].map(({ payload }) => payload.toString());
      assert.deepEqual(payloads, [...Array.from({ length: 20 }, (_, i) => `${i}`), 'after']);
      assert.ok(others.every(({ dup }) => !dup));
    }));

  it('repeat what is in flight with DUP and the same packet ids, PUBREL where PUBREC had come', () =>
    DurableBench.with(async (durable) => {
      const bob = await durable.subscribe('bob/b');
      for (const [payload, qos] of [
        ['a', 1],
        ['b', 2],
        ['c', 2],
        ['d', 1],
      ] as const)
        await durable.bench.publish(pub, 't', payload, { qos });
      const [a, b, c, d] = bob.link.publishes().map(({ messageId }) => messageId!);
      durable.bench.topics.acknowledge(bob, 'puback', a!, 0);
      assert.equal(durable.bench.topics.acknowledge(bob, 'pubrec', b!, 0), undefined);
      const [release] = await until('PUBREL', () => {
        const packets = bob.link.take();
        return packets.length > 0 ? packets : undefined;
      });
      assert.deepEqual([release!.cmd, release!.messageId], ['pubrel', b]);
      await durable.restart('bob/b');
      const again = await durable.resume('bob/b');
      assert.deepEqual(
        again.link
          .take()
          .map((packet) => [
            packet.cmd,
            packet.messageId,
            ...(packet.cmd === 'publish' ? [packet.dup, packet.payload.toString()] : []),
          ]),
        [
          ['pubrel', b],
          ['publish', c, true, 'c'],
          ['publish', d, true, 'd'],
        ],
      );
      durable.bench.topics.acknowledge(again, 'pubcomp', b!, 0);
      durable.bench.topics.acknowledge(again, 'puback', d!, 0);
      await durable.restart('bob/b');
      const third = await durable.resume('bob/b');
      assert.deepEqual(third.link.payloads(), ['c']);
    }));

  it('keep the order of sending for repeats, then of the queue', () =>
    DurableBench.with(async (durable) => {
      const bob = await durable.subscribe('bob/b');
      durable.bench.topics.detach(bob);
      for (const payload of ['1', '2', '3', '4']) await durable.bench.publish(pub, 't', payload);
      const narrow = await durable.resume('bob/b', { window: 2 });
      assert.deepEqual(narrow.link.payloads(), ['1', '2']);
      await durable.restart('bob/b');
      const again = await durable.resume('bob/b');
      assert.deepEqual(
        again.link.publishes().map(({ payload, dup }) => [payload.toString(), dup]),
        [
          ['1', true],
          ['2', true],
          ['3', false],
          ['4', false],
        ],
      );
    }));

  it('write nothing for sessions that end with their connection', () =>
    DurableBench.with(async (durable) => {
      const carol = connect('carol/c');
      await durable.bench.subscribe(carol, 't');
      await durable.bench.publish(pub, 't', 'x');
      assert.deepEqual(carol.link.payloads(), ['x']);
      await durable.bench.topics.check();
      assert.deepEqual(durable.sql('select * from entries'), []);
    }));

  it('acknowledge when a message is stored, once for all its sessions', () =>
    DurableBench.with(async (durable) => {
      for (const key of ['a/a', 'b/b', 'c/c']) {
        const client = await durable.subscribe(key);
        if (key !== 'c/c') durable.bench.topics.detach(client);
      }
      await durable.bench.publish(pub, 't', 'x');
      assert.equal(durable.sql('select * from entries').length, 3);
      assert.equal(durable.sql('select * from messages').length, 1);
    }));

  it('keep retained messages, and forget those that were cleared or have expired', () =>
    DurableBench.with(async (durable) => {
      const { bench } = durable;
      const retain = { retain: true } as const;
      await bench.publish(pub, 't/stays', 'new', { ...retain, qos: 0 });
      await bench.publish(pub, 't/gone', 'x', retain);
      await bench.publish(pub, 't/gone', '', retain);
      await bench.publish(pub, 't/brief', 'x', { ...retain, properties: { messageExpiryInterval: 5 } });
      await durable.restart();
      durable.bench.clock.now += 6000;
      const dora = connect('dora/d');
      await durable.bench.subscribe(dora, 't/#');
      assert.deepEqual(dora.link.payloads(), ['new']);
    }));

  it('do not deliver what expired meanwhile, and remove it', () =>
    DurableBench.with(async (durable) => {
      const bob = await durable.subscribe('bob/b');
      durable.bench.topics.detach(bob);
      await durable.bench.publish(pub, 't', 'brief', { properties: { messageExpiryInterval: 5 } });
      await durable.bench.publish(pub, 't', 'lasting');
      await durable.restart('bob/b');
      durable.bench.clock.now += 6000;
      const again = await durable.resume('bob/b');
      assert.deepEqual(again.link.payloads(), ['lasting']);
      await durable.restart();
      assert.equal(durable.sql('select * from entries').length, 1);
      assert.equal(durable.sql('select * from messages').length, 1);
    }));

  it('remove the rows of a session that has ended', () =>
    DurableBench.with(async (durable) => {
      const bob = await durable.subscribe('bob/b');
      await durable.bench.publish(pub, 't', 'in flight');
      durable.bench.topics.detach(bob);
      await durable.bench.publish(pub, 't', 'queued');
      await durable.restart('bob/b');
      assert.deepEqual(durable.bench.topics.sessions(), ['bob/b']);
      await durable.bench.topics.forget('bob/b');
      assert.deepEqual(durable.sql('select * from entries'), []);
      assert.deepEqual(durable.sql('select * from messages'), []);
    }));

  it('give the messages of a shared subscription to another session durably', () =>
    DurableBench.with(async (durable) => {
      for (const key of ['a/a', 'b/b']) {
        const client = connect(key, persistent);
        await durable.bench.subscribe(client, '$share/s/jobs');
        durable.bench.topics.detach(client);
      }
      for (let i = 0; i < 4; i++) await durable.bench.publish(pub, 'jobs', `${i}`);
      await durable.bench.topics.forget('a/a');
      await durable.restart('b/b');
      const b = await durable.resume('b/b');
      assert.deepEqual(b.link.payloads().sort(), ['0', '1', '2', '3']);
    }));

  it('refuse a publish that cannot be stored with store.unavailable, and nothing of it is left', () =>
    DurableBench.with(async (durable) => {
      const bob = await durable.subscribe('bob/b');
      durable.bench.topics.detach(bob);
      await durable.bench.publish(pub, 't', 'before', { retain: true });
      durable.sql("create trigger full before insert on entries begin select raise(abort, 'full'); end");
      const refused = { code: 'store.unavailable' };
      await assert.rejects(durable.bench.publish(pub, 't', 'lost', { retain: true }), refused);
      // Those who need no store are served.
      const carol = connect('carol/c');
      await durable.bench.subscribe(carol, 'other');
      await durable.bench.publish(pub, 'other', 'x');
      assert.deepEqual(carol.link.payloads(), ['x']);
      await durable.bench.subscribe(carol, 't');
      assert.deepEqual(carol.link.payloads(), ['before']);
      await assert.rejects(durable.bench.publish(pub, 't', 'refused at once'), refused);
      assert.deepEqual(carol.link.payloads(), []);
      durable.sql('drop trigger full');
      await until('a store that takes messages again', async () =>
        durable.bench.publish(pub, 't', 'after').then(
          () => true,
          () => undefined,
        ),
      );
      await durable.restart('bob/b');
      const again = await durable.resume('bob/b');
      assert.deepEqual(again.link.payloads(), ['before', 'after']);
    }));

  it('refuse a publish with topic.quota when all queues together are full, and it is in none', () =>
    DurableBench.with(
      async (durable) => {
        const bob = await durable.subscribe('bob/b');
        durable.bench.topics.detach(bob);
        const carol = connect('carol/c');
        await durable.bench.subscribe(carol, 't');
        let taken = 0;
        const quota = { code: 'topic.quota' };
        for (; taken < 5; taken++) await durable.bench.publish(pub, 't', Buffer.alloc(100));
        await assert.rejects(durable.bench.publish(pub, 't', 'too much'), quota);
        assert.equal(carol.link.publishes().length, taken);
        await durable.restart('bob/b');
        await assert.rejects(durable.bench.publish(pub, 't', 'still too much'), quota);
        assert.equal((await durable.resume('bob/b')).link.publishes().length, taken);
        await durable.bench.publish(pub, 't', 'room again');
      },
      { limits: { maxQueuedBytesTotal: 1000 } },
    ));

  it('reach a session once and in order, through windows, lost connections and restarts', async () => {
    const kinds = ['publish', 'publish', 'answer', 'answer', 'lose', 'return', 'restart'] as const;
    const step = fc.record({ kind: fc.constantFrom(...kinds), count: fc.integer({ min: 1, max: 4 }) });
    const run = async (
      durable: DurableBench,
      steps: readonly { kind: (typeof kinds)[number]; count: number }[],
      window: number,
    ): Promise<void> => {
      const receiver = new Receiver(window);
      let client: TestClient | undefined = await durable.resume('bob/b', { window });
      const sent: string[] = [];
      const leave = (): void => {
        if (client === undefined) return;
        receiver.read(client);
        receiver.lose();
        durable.bench.topics.detach(client);
        client = undefined;
      };
      for (const { kind, count } of steps) {
        if (kind === 'publish') {
          const qos = count > 2 ? 2 : 1;
          sent.push(`${sent.length}`);
          await durable.bench.publish(pub, 't', `${sent.length - 1}`, { qos });
        } else if (kind === 'answer' && client !== undefined) receiver.answer(durable.bench, client, count);
        else if (kind === 'lose') leave();
        else if (kind === 'return') client ??= await durable.resume('bob/b', { window });
        else if (kind === 'restart') {
          leave();
          await durable.restart('bob/b');
        }
        if (client !== undefined) receiver.read(client);
      }
      leave();
      await durable.restart('bob/b');
      const last = await durable.resume('bob/b', { window });
      await until('all', () => {
        receiver.read(last);
        receiver.answer(durable.bench, last, 100);
        return receiver.got.length >= sent.length && last.session.otherInFlight === 0;
      });
      assert.deepEqual(receiver.got, sent);
      await durable.bench.topics.forget('bob/b');
      assert.deepEqual(durable.sql('select * from entries'), []);
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 30 }),
        fc.integer({ min: 1, max: 4 }),
        async (steps, window) => {
          await DurableBench.with(async (durable) => {
            await durable.subscribe('bob/b').then((client) => durable.bench.topics.detach(client));
            await run(durable, steps, window);
          });
        },
      ),
      { numRuns: 12 },
    );
  });
});
