import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Arrivals } from '../../../sdk/transport/arrivals.ts';
import { Window } from '../../../sdk/transport/window.ts';

describe('arrivals', () => {
  it('acknowledges in the order of coming, whatever the order of being done, and each once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(9), { maxLength: 30 }), async (delays) => {
        const acknowledged: number[] = [];
        const begun: number[] = [];
        const arrivals = new Arrivals(
          (id) => acknowledged.push(id),
          () => assert.fail('a handler failed'),
        );
        const works = delays.map((turns, id) => {
          let work: Promise<void> | undefined;
          arrivals.add(id, () => {
            begun.push(id);
            work = turns === 0 ? undefined : after(turns);
            return work;
          });
          return work;
        });
        const ids = delays.map((_, id) => id);
        assert.deepEqual(begun, ids);
        await Promise.all(works);
        await after(2);
        assert.deepEqual(acknowledged, ids);
      }),
    );
  });

  it('acknowledges nothing from a message on whose handler failed', async () => {
    const acknowledged: number[] = [];
    const failures: unknown[] = [];
    const arrivals = new Arrivals(
      (id) => acknowledged.push(id),
      (error) => failures.push(error),
    );
    arrivals.add(1, () => undefined);
    arrivals.add(2, () => Promise.reject(new Error('no')));
    arrivals.add(3, () => Promise.resolve());
    arrivals.add(4, () => {
      throw new Error('not at all');
    });
    await after(5);
    assert.deepEqual(acknowledged, [1]);
    assert.equal(failures.length, 2);
  });
});

describe('window', () => {
  it('has no more under way than its size, and begins all in order', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.constantFrom('qos1', 'qos0', 'ack')),
        (size, steps) => {
          const window = new Window(size);
          const begun: number[] = [];
          let underway = 0;
          let entered = 0;
          const enter = (takes: boolean) => {
            const number = entered++;
            window.enter(takes, () => {
              begun.push(number);
              if (takes) underway++;
              assert.ok(underway <= size);
            });
          };
          const acknowledge = () => {
            if (underway === 0) return;
            underway--;
            window.free();
          };
          for (const step of steps) {
            if (step === 'ack') acknowledge();
            else enter(step === 'qos1');
          }
          while (underway > 0) acknowledge();
          assert.deepEqual(
            begun,
            Array.from({ length: entered }, (_, number) => number),
          );
        },
      ),
    );
  });
});

/** So many turns of the microtask queue. */
async function after(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
}
