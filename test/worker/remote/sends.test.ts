import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { Buckets } from '../../../policy/rate.ts';
import { routeTo } from '../../../policy/routes.ts';
import { PetrelError } from '../../../schemas/errors.ts';
import { parseOutgoing } from '../../../schemas/messages.ts';
import { partitionCount } from '../../../schemas/work.ts';
import type { Appended } from '../../../store/timeline.ts';
import { Door } from '../../../worker/door.ts';
import { partitionOf } from '../../../worker/partitions.ts';
import { encodeAnswers } from '../../../worker/remote/answers.ts';
import { Lateness } from '../../../worker/remote/lateness.ts';
import type { PortListener, WorkPort } from '../../../worker/remote/port.ts';
import { RemoteSends } from '../../../worker/remote/sends.ts';
import { decodeWork } from '../../../worker/remote/work.ts';
import { until } from '../../support/until.ts';

const convs = ['g:a', 'g:b', 'g:c'];

/** A timeline in memory: stores once and in the order of asking. */
class Model {
  readonly stored = new Map<string, string[]>(convs.map((conv) => [conv, []]));

  append(conv: string, id: string): Appended {
    const ids = this.stored.get(conv)!;
    const at = ids.indexOf(id);
    if (at === -1) ids.push(id);
    const seq = at === -1 ? ids.length : at + 1;
    return { seq, n: seq, ts: 1, repeat: at !== -1 };
  }
}

/** Workers that do what they are told to, when they are told to. */
class Workers implements WorkPort {
  readonly #model: Model;
  readonly #inbox = new Map<number, Buffer[]>();
  readonly #answers = new Map<number, Buffer[]>();
  readonly #holders = new Array<number>(partitionCount).fill(0);
  #listener: PortListener | undefined;
  creditBytes = 4096;

  constructor(model: Model) {
    this.#model = model;
  }

  attach(_node: string, listener: PortListener): void {
    this.#listener = listener;
  }

  publish(link: number, _partition: number, batch: Buffer): void {
    this.#inbox.get(link)?.push(batch);
  }

  hold(conv: string, link: number): void {
    if (link !== 0 && !this.#inbox.has(link)) {
      this.#inbox.set(link, []);
      this.#answers.set(link, []);
    }
    this.#holders[partitionOf(conv)] = link;
    this.#listener!.onHolders([...this.#holders]);
  }

  /** Takes one batch of a link, and stores what is in it; answers leave when they are told to. */
  store(link: number): void {
    const batch = this.#inbox.get(link)?.shift();
    if (batch === undefined) return;
    const answers = decodeWork(batch).work.map((work) => {
      assert.ok(work.kind === 'message');
      const place = this.#model.append(work.route.conv, work.outgoing.id);
      return { kind: 'stored' as const, number: work.number, place };
    });
    this.#answers.get(link)!.push(encodeAnswers({ link, creditBytes: this.creditBytes, answers }));
  }

  answer(link: number): void {
    const batch = this.#answers.get(link)?.shift();
    if (batch !== undefined) this.#listener!.onAnswers(batch);
  }

  /** The link is gone; what was read from it is stored all the same, and never answered. */
  cut(link: number): void {
    if (!this.#inbox.has(link)) return;
    this.#answers.set(link, []);
    for (const [partition, holder] of this.#holders.entries())
      if (holder === link) this.#holders[partition] = 0;
    this.#listener!.onHolders([...this.#holders]);
  }

  get isIdle(): boolean {
    return [...this.#inbox.values(), ...this.#answers.values()].every((queue) => queue.length === 0);
  }

  get links(): number[] {
    return [...this.#inbox.keys()];
  }
}

const door = new Door({ rates: new Buckets(0, 0, Date.now), maxPacketSize: 262_144 });
const create = (port: WorkPort, more: object = {}) =>
  new RemoteSends({ node: 'n-1', port, door, onError: assert.ifError, ...more });
const message = (id: string, bytes = 2) =>
  parseOutgoing(Buffer.from(`{"id":"${id}","type":"text","body":{"text":"${'x'.repeat(bytes)}"}}`));

const link = fc.integer({ min: 1, max: 4 });
const conv = fc.constantFrom(...convs);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('send' as const), conv }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('store' as const), link }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('answer' as const), link }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('hold' as const), conv, link: fc.integer({ min: 0, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cut' as const), link }) },
);

describe('sends to workers of other processes', () => {
  it('are stored once, in the order of giving and answered once, whoever holds what and whatever is lost', () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 120 }), async (steps) => {
        const model = new Model();
        const workers = new Workers(model);
        const sends = create(workers);
        const answered: string[] = [];
        const given = new Map<string, string[]>(convs.map((one) => [one, []]));
        for (const one of steps) {
          if (one.do === 'send') {
            const ids = given.get(one.conv)!;
            const id = `${one.conv}-${ids.length}`;
            ids.push(id);
            sends.take(routeTo(one.conv, 'alice'), message(id, 800), {
              stored: ({ seq }) => {
                answered.push(id);
                assert.equal(model.stored.get(one.conv)![seq - 1], id);
              },
              failed: assert.ifError,
            });
          } else if (one.do === 'turn') await setImmediate();
          else if (one.do === 'hold') workers.hold(one.conv, one.link);
          else workers[one.do](one.link);
          for (const [name, ids] of model.stored)
            assert.deepEqual(ids, given.get(name)!.slice(0, ids.length));
        }
        for (const name of convs) workers.hold(name, 5);
        await setImmediate();
        while (sends.waiting > 0 || !workers.isIdle) {
          for (const one of workers.links) {
            workers.store(one);
            workers.answer(one);
          }
          await setImmediate();
        }
        assert.deepEqual(model.stored, given);
        assert.deepEqual(answered.toSorted(), [...given.values()].flat().toSorted());
        await sends.drained();
      }),
      { numRuns: 200 },
    ));

  it('leave no more unanswered than the worker takes, and tell when too much waits', async () => {
    const workers = new Workers(new Model());
    const sends = create(workers, { maxWaitingBytes: 20_000 });
    workers.hold('g:a', 1);
    workers.creditBytes = 3000;
    let stored = 0;
    const receiver = { stored: () => void stored++, failed: assert.ifError };
    sends.take(routeTo('g:a', 'alice'), message('m-0', 100), receiver);
    await setImmediate();
    workers.store(1);
    workers.answer(1);
    for (let i = 1; i <= 30; i++) sends.take(routeTo('g:a', 'alice'), message(`m-${i}`, 400), receiver);
    assert.equal(sends.full, true);
    let relieved = false;
    sends.whenRelieved(() => {
      relieved = true;
    });
    const rounds: number[] = [];
    while (sends.waiting > 0) {
      await setImmediate();
      const before = stored;
      workers.store(1);
      workers.answer(1);
      rounds.push(stored - before);
    }
    assert.deepEqual([relieved, sends.full], [true, false]);
    assert.ok(Math.max(...rounds) <= 3, String(rounds));
  });

  it('fail when they waited too long, and a late answer is none', async () => {
    const workers = new Workers(new Model());
    const sends = create(workers, { patienceMs: 40 });
    workers.hold('g:a', 1);
    const outcomes: unknown[] = [];
    sends.take(routeTo('g:a', 'alice'), message('m-1'), {
      stored: (place) => outcomes.push(place),
      failed: (error) => outcomes.push(error.code),
    });
    await until('the failure', () => outcomes.length === 1);
    workers.store(1);
    workers.answer(1);
    assert.deepEqual(outcomes, ['store.unavailable']);
    assert.equal(sends.waiting, 0);
  });

  it('are refused at the door before anybody else hears of them', async () => {
    const workers = new Workers(new Model());
    const sends = create(workers, {
      door: new Door({ rates: new Buckets(1, 1, () => 0), maxPacketSize: 200 }),
    });
    const send = (payload: object, more: object = {}) =>
      sends.send({ conv: 'g:a', from: 'alice', payload, ...more });
    const code = (expected: string) => (error: unknown) =>
      error instanceof PetrelError && error.code === expected;
    const large = { type: 'text', body: { text: 'x'.repeat(300) } };
    await assert.rejects(send({ type: 'text' }), code('payload.invalid'));
    await assert.rejects(send({ type: 'text', body: { text: 'x' } }), code('send.rate'));
    await assert.rejects(send(large, { unlimited: true }), code('send.too-large'));
    assert.equal(sends.waiting, 0);
  });
});

describe('batches that come late', () => {
  it('are told by how much later than the quickest they come, whatever the two clocks show', () => {
    const lateness = new Lateness(10_000);
    assert.equal(lateness.isLate('a', 1_000_000, 5000), false);
    assert.equal(lateness.isLate('a', 1_001_000, 5900), false);
    assert.equal(lateness.isLate('a', 1_002_000, 16_800), false);
    assert.equal(lateness.isLate('a', 1_002_000, 17_000), true);
    assert.equal(lateness.isLate('b', 10, 17_000), false);
    lateness.forget('a');
    assert.equal(lateness.isLate('a', 1_002_000, 17_000), false);
  });
});
