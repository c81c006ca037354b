import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Buckets } from '../../policy/rate.ts';
import { SharedRates } from '../../policy/shared-rate.ts';
import { PetrelError } from '../../schemas/errors.ts';
import type { RateUse } from '../../store/rates.ts';

interface Answer {
  readonly dueAt: number;
  readonly run: () => void;
}

/** A store of buckets that answers late, by a clock that the test turns. */
class SlowRates {
  now = 0;
  isAway = false;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();
  readonly #waiting: Answer[] = [];
  readonly #wayMs: number;

  constructor(wayMs: number) {
    this.#wayMs = wayMs;
  }

  settle(uses: readonly RateUse[]): Promise<number[]> {
    return new Promise((resolve, reject) => {
      this.#at(() => {
        if (this.isAway) {
          this.#at(() => reject(new PetrelError('store.unavailable')));
          return;
        }
        const left = uses.map((use) => this.#take(use));
        this.#at(() => resolve(left));
      });
    });
  }

  #at(run: () => void): void {
    this.#waiting.push({ dueAt: this.now + this.#wayMs, run });
  }

  #take({ key, perSecond, burst, taken, agoMs }: RateUse): number {
    const known = this.#buckets.get(key) ?? { tokens: burst, at: this.now - agoMs };
    const from = Math.max(known.at, this.now - agoMs);
    const before = Math.min(burst, known.tokens + ((from - known.at) * perSecond) / 1000);
    const tokens = Math.min(burst, before - taken + ((this.now - from) * perSecond) / 1000);
    this.#buckets.set(key, { tokens, at: this.now });
    return tokens;
  }

  async turn(now: number): Promise<void> {
    this.now = now;
    for (let i = 0; i < this.#waiting.length; )
      if (this.#waiting[i]!.dueAt <= now) this.#waiting.splice(i, 1)[0]!.run();
      else i++;
    for (let i = 0; i < 6; i++) await Promise.resolve();
  }
}

const everyMs = 200;

class Node {
  readonly rates: SharedRates;
  readonly buckets: Buckets;

  constructor(store: SlowRates, perSecond: number, burst: number) {
    // The test settles at its own times.
    this.rates = new SharedRates({ rates: store, now: () => store.now, everyMs: 1e6 });
    this.buckets = this.rates.make('send', perSecond, burst);
  }
}

interface Run {
  readonly nodes: number;
  readonly perSecond: number;
  readonly burst: number;
  readonly wayMs: number;
  /** On which node it is tried, from one step to the next; -1: on none. */
  readonly tries: (step: number) => readonly number[];
  readonly steps: number;
  readonly stepMs: number;
}

/** When it was allowed, ms. */
async function allowed({
  nodes: count,
  perSecond,
  burst,
  wayMs,
  tries,
  steps,
  stepMs,
}: Run): Promise<number[]> {
  const store = new SlowRates(wayMs);
  const nodes = Array.from({ length: count }, () => new Node(store, perSecond, burst));
  const at: number[] = [];
  for (let step = 0; step < steps; step++) {
    await store.turn(step * stepMs);
    for (const i of tries(step)) if (nodes[i]?.buckets.take('ann') === 0) at.push(store.now);
    // Each node at a time of its own.
    for (const [i, node] of nodes.entries())
      if ((step * stepMs + i * 37) % everyMs < stepMs) void node.rates.settle();
  }
  return at;
}

/** How much one bucket that knows everything at once allows. */
function allowedAlone({ perSecond, burst, tries, steps, stepMs }: Run): number {
  let tokens = burst;
  let count = 0;
  for (let step = 0; step < steps; step++) {
    if (step > 0) tokens = Math.min(burst, tokens + (perSecond * stepMs) / 1000);
    for (const _ of tries(step)) {
      if (tokens < 1 - 1e-6) break;
      tokens -= 1;
      count++;
    }
  }
  return count;
}

describe('rates that nodes share', () => {
  const run = fc.record({
    nodes: fc.integer({ min: 1, max: 4 }),
    perSecond: fc.integer({ min: 1, max: 100 }),
    burst: fc.integer({ min: 1, max: 200 }),
    wayMs: fc.integer({ min: 0, max: 40 }),
  });
  const stepMs = 10;
  const steps = 600;

  it('never allow more than the rate and a burst a node, in whatever time', () =>
    fc.assert(
      fc.asyncProperty(
        run,
        fc.array(fc.array(fc.nat(3), { maxLength: 8 }), { minLength: 1 }),
        async (given, tried) => {
          const tries = (step: number) => tried[Math.floor(step / 20) % tried.length]!;
          const at = await allowed({ ...given, tries, steps: 300, stepMs });
          const { nodes, perSecond, burst, wayMs } = given;
          const lateMs = (nodes + 1) * (everyMs + 2 * wayMs + 2 * stepMs);
          for (const [i, from] of at.entries()) {
            for (let j = i; j < at.length; j++) {
              const most = (perSecond * (at[j]! - from + lateMs)) / 1000 + nodes * burst;
              assert.ok(j - i + 1 <= most + 1, `${j - i + 1} within ${at[j]! - from} ms`);
            }
          }
        },
      ),
      { numRuns: 40 },
    ));

  it('allow what is configured on average, to one who keeps trying on all nodes', () =>
    fc.assert(
      fc.asyncProperty(run, async (given) => {
        const { nodes, perSecond, burst } = given;
        const all = Array.from({ length: nodes * 3 }, (_, i) => i % nodes);
        const at = await allowed({ ...given, tries: () => all, steps, stepMs });
        const alone = allowedAlone({ ...given, tries: () => all, steps, stepMs });
        assert.ok(at.length >= alone - 2, `${at.length}, alone ${alone}`);
        const most = (perSecond * (steps * stepMs + (nodes + 1) * 2 * everyMs)) / 1000 + nodes * burst;
        assert.ok(at.length <= most + 1, `${at.length} of ${most}`);
      }),
      { numRuns: 20 },
    ));

  it('allow on one node alone no less than without the others', () =>
    fc.assert(
      fc.asyncProperty(run, fc.array(fc.nat(5), { minLength: 1 }), async (given, tried) => {
        const tries = (step: number) => Array<number>(tried[step % tried.length]!).fill(0);
        const at = await allowed({ ...given, nodes: 1, tries, steps: 300, stepMs });
        const alone = allowedAlone({ ...given, tries, steps: 300, stepMs });
        assert.ok(at.length >= alone - 1, `${at.length}, alone ${alone}`);
      }),
      { numRuns: 30 },
    ));

  it('count for each node while the store is away, and together again when it is back', async () => {
    const store = new SlowRates(0);
    const [a, b] = [new Node(store, 1, 10), new Node(store, 1, 10)];
    store.isAway = true;
    for (const node of [a, b]) for (let i = 0; i < 10; i++) assert.equal(node.buckets.take('ann'), 0);
    assert.ok(a.buckets.take('ann') > 0);
    const settle = async () => {
      const settled = Promise.all([a.rates.settle(), b.rates.settle()]);
      for (let i = 0; i < 3; i++) await store.turn(store.now);
      await settled;
    };
    await settle();
    store.isAway = false;
    await settle();
    await store.turn(9_000);
    // 20 were taken of 10.
    assert.ok(Math.max(a.buckets.take('ann'), b.buckets.take('ann')) > 1000);
  });

  it('ask the store nothing where there is no limit, or nothing was taken', async () => {
    let calls = 0;
    const rates = new SharedRates({
      now: () => 0,
      rates: {
        settle: async () => {
          calls++;
          return [];
        },
      },
    });
    assert.equal(rates.make('send', 0, 0).take('ann'), 0);
    await rates.settle();
    await rates.close();
    assert.equal(calls, 0);
  });
});
