import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PetrelError } from '../../../schemas/errors.ts';
import { partitionCount } from '../../../schemas/work.ts';
import { until } from '../../support/until.ts';
import { startCluster, type TestCluster, type TestWorker } from './cluster.ts';
import { Load, type Writer } from './load.ts';

const code = (expected: string) => (error: unknown) =>
  error instanceof PetrelError && error.code === expected;
const text = (id: string, more: object = {}) => ({ id, type: 'text', body: { text: id }, ...more });

const all = (workers: readonly TestWorker[]): number =>
  workers.reduce((count, { node }) => count + node.held.size, 0);

/** Every pair of users, from brokers in turn. */
const everybody = (sends: readonly Writer['sends'][]): Writer[] => {
  const users = ['alice', 'bob', 'carol'];
  return users.flatMap((from, i) =>
    users.filter((to) => to !== from).map((to, j) => ({ from, to, sends: sends[(i + j) % sends.length]! })),
  );
};

async function withCluster(
  options: Parameters<typeof startCluster>[0],
  work: (cluster: TestCluster) => Promise<void>,
): Promise<void> {
  const cluster = await startCluster(options);
  try {
    await work(cluster);
  } finally {
    await cluster.end();
  }
}

describe('work between nodes', () => {
  it('is stored by workers, in the order of each sender, and answered once', () =>
    withCluster({}, async (cluster) => {
      const brokers = [await cluster.broker('b-1'), await cluster.broker('b-2')];
      const workers = [await cluster.worker('w-1'), await cluster.worker('w-2')];
      const api = await cluster.api('a-1');
      const load = new Load(everybody([...brokers.map(({ sends }) => sends), api]));
      await until('a flow of messages', () => load.acknowledged > 2000);
      assert.equal(all(workers), partitionCount);
      await load.finishWell(cluster.store);
    }));

  it('is refused as in one process, with the reason', () =>
    withCluster({}, async (cluster) => {
      const { sends } = await cluster.broker('b-1');
      await cluster.worker('w-1');
      const send = (conv: string, from: string, payload: object, more: object = {}) =>
        sends.send({ conv, from, payload, ...more });
      await assert.rejects(send('u:alice:nobody', 'alice', text('m-1')), code('user.not-found'));
      await assert.rejects(send('u:alice:bob', 'carol', text('m-1')), code('conversation.not-found'));
      await assert.rejects(send('g:birds', 'alice', { type: 'text' }), code('payload.invalid'));
      await assert.rejects(send('g:birds', 'dave', text('m-1')), code('send.not-member'));
      const change = { id: 'e-1', type: 'edit', body: { target: 99, body: { text: 'x' } } };
      await assert.rejects(send('g:birds', 'alice', change), code('target.not-found'));
      await assert.rejects(
        send('g:birds', 'bob', text('m-2', { mentions: ['@all'] })),
        (error) => error instanceof PetrelError && error.message.includes('@all'),
      );
    }));

  it('may be a change, a forwarding, or an event of the server', () =>
    withCluster({}, async (cluster) => {
      const { sends } = await cluster.broker('b-1');
      await cluster.worker('w-1');
      const conv = 'g:birds';
      const { seq } = await sends.send({ conv, from: 'bob', payload: text('m-1') });
      const again = await sends.send({ conv, from: 'bob', payload: text('m-1') });
      assert.deepEqual([again.seq, again.repeat], [seq, true]);
      const edit = { id: 'e-1', type: 'edit', body: { target: seq, body: { text: 'better' } } };
      await sends.send({ conv, from: 'bob', payload: edit });
      await sends.send({
        conv,
        from: 'alice',
        payload: { id: 'p-1', type: 'pin', body: { target: seq, on: true } },
      });
      await sends.send({
        conv,
        from: 'alice',
        payload: { id: 'r-1', type: 'recall', body: { target: seq } },
      });
      const messages = [1, 2].map((i) => ({
        ...text(`f-${i}`),
        forward: { from: 'carol', ts: i },
      }));
      const forwarded = await sends.forward({ conv, from: 'carol', messages });
      assert.deepEqual(
        forwarded.map(({ id, repeat }) => [id, repeat]),
        [
          ['f-1', false],
          ['f-2', false],
        ],
      );
      const system = { type: 'system', body: { action: 'told' } };
      await sends.send({ conv, from: 'system', payload: system, asSystem: true });
      const replaces = [
        { seq: forwarded[0]!.seq, raw: Buffer.from('{"id":"f-1","type":"text","recalled":true}') },
      ];
      const raw = Buffer.from('{"id":"x-1","type":"system","body":{}}');
      await sends.submit({ conv, from: 'system', id: 'x-1', counts: false, raw, replaces });
      const events = (await cluster.store.raw(conv)) as { type: string; recalled?: boolean; n: number }[];
      assert.deepEqual(
        events.slice(1).map(({ type, recalled = false }) => `${type}${recalled ? ' recalled' : ''}`),
        ['text recalled', 'edit recalled', 'pin', 'recall', 'text recalled', 'text', 'system', 'system'],
      );
      assert.equal(events.at(-1)!.n, 3);
    }));

  it('is given again to the others when a worker dies with some of it', () =>
    withCluster({}, async (cluster) => {
      const brokers = [await cluster.broker('b-1'), await cluster.broker('b-2')];
      const workers = [await cluster.worker('w-1'), await cluster.worker('w-2')];
      const api = await cluster.api('a-1');
      const load = new Load(everybody([...brokers.map(({ sends }) => sends), api]));
      await until('a flow of messages', () => load.acknowledged > 1000);
      assert.ok(brokers.every(({ lost }) => lost.length === 0));
      await workers[0]!.kill();
      for (const { lost } of brokers) await until('a lost worker', () => lost.includes('w-1'));
      const before = load.acknowledged;
      await until('the flow goes on', () => load.acknowledged > before + 2000);
      assert.equal(workers[1]!.node.held.size, partitionCount);
      await load.finishWell(cluster.store);
    }));

  it('goes on in order while partitions move under load', () =>
    withCluster({}, async (cluster) => {
      const brokers = [await cluster.broker('b-1'), await cluster.broker('b-2')];
      const workers = [await cluster.worker('w-1')];
      const api = await cluster.api('a-1');
      const load = new Load(everybody([...brokers.map(({ sends }) => sends), api]));
      await until('a flow of messages', () => load.acknowledged > 500);
      for (const id of ['w-2', 'w-3']) {
        workers.push(await cluster.worker(id));
        await until('all partitions are held', () => all(workers) === partitionCount);
        const before = load.acknowledged;
        await until('the flow goes on', () => load.acknowledged > before + 500);
      }
      assert.ok(workers.every(({ node }) => node.held.size > 0));
      // One of them is believed to be gone, and works on: two hold the same.
      cluster.membership.lose('w-2');
      let before = load.acknowledged;
      await until('the flow goes on', () => load.acknowledged > before + 500);
      cluster.membership.find(workers[1]!.info);
      await until('all partitions are held once', () => all(workers) === partitionCount);
      before = load.acknowledged;
      await until('the flow goes on', () => load.acknowledged > before + 500);
      await load.finishWell(cluster.store);
    }));

  it('survives links that break in the middle of a batch', () =>
    withCluster({}, async (cluster) => {
      const brokers = [await cluster.broker('b-1'), await cluster.broker('b-2')];
      const workers = [await cluster.worker('w-1'), await cluster.worker('w-2')];
      const load = new Load(everybody(brokers.map(({ sends }) => sends)));
      for (let round = 0; round < 6; round++) {
        const before = load.acknowledged;
        await until('a flow of messages', () => load.acknowledged > before + 300);
        workers[round % 2]!.ways.get(round % 3 === 0 ? 'b-1' : 'b-2')!.cut();
      }
      // Whether its process has ended is for Redis to tell.
      assert.deepEqual([...cluster.membership.suspicions].sort(), [
        'w-1 b-1',
        'w-1 b-2',
        'w-2 b-1',
        'w-2 b-2',
      ]);
      await load.finishWell(cluster.store);
    }));

  it('passes a worker over that is frozen, and what it says late changes nothing', () =>
    withCluster({}, async (cluster) => {
      const brokers = [await cluster.broker('b-1'), await cluster.broker('b-2')];
      const workers = [await cluster.worker('w-1'), await cluster.worker('w-2')];
      const load = new Load(everybody(brokers.map(({ sends }) => sends)));
      await until('a flow of messages', () => load.acknowledged > 500);
      const [frozen] = workers;
      for (const way of frozen!.ways.values()) way.swallow();
      await until('nothing more of it', () => brokers.every(({ sends }) => sends.waiting > 0));
      cluster.membership.lose('w-1');
      const before = load.acknowledged;
      await until('the flow goes on', () => load.acknowledged > before + 1000);
      for (const way of frozen!.ways.values()) way.heal();
      cluster.membership.find(frozen!.info);
      await until('it works again', () => all(workers) === partitionCount && frozen!.node.held.size > 0);
      const after = load.acknowledged;
      await until('the flow goes on', () => load.acknowledged > after + 1000);
      await load.finishWell(cluster.store);
    }));

  it('finds another broker when that of an API node is gone', () =>
    withCluster({}, async (cluster) => {
      const brokers = [await cluster.broker('b-1'), await cluster.broker('b-2')];
      await cluster.worker('w-1');
      const api = await cluster.api('a-1');
      const load = new Load(everybody([api]));
      await until('a flow of messages', () => load.acknowledged > 300);
      for (const broker of brokers) {
        await broker.end();
        if (broker === brokers[0]) {
          const before = load.acknowledged;
          await until('the flow goes on', () => load.acknowledged > before + 300);
          brokers.push(await cluster.broker('b-3'));
        }
        if (brokers.indexOf(broker) === 1) break;
      }
      await load.finish();
    }));

  it('fails when no worker is there in time, and waits until then', () =>
    withCluster({ patienceMs: 2000 }, async (cluster) => {
      const { sends } = await cluster.broker('b-1');
      const send = (id: string) => sends.send({ conv: 'g:birds', from: 'bob', payload: text(id) });
      await assert.rejects(send('m-1'), code('store.unavailable'));
      assert.equal(sends.waiting, 0);
      const waiting = send('m-2');
      await cluster.worker('w-1');
      const { seq } = await waiting;
      assert.equal(seq, 2);
    }));
});
