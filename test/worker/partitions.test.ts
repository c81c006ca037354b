import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { partitionCount } from '../../schemas/work.ts';
import { holderOf, partitionOf, partitionsOf } from '../../worker/partitions.ts';

const ids = fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 8 });
const partitions = Array.from({ length: partitionCount }, (_, partition) => partition);

describe('partitions', () => {
  it('of a conversation are the same for ever', () => {
    assert.deepEqual(
      ['d:alice:bob', 'g:birds', 'g:a', 'd:a:a', 'd:system:bob'].map(partitionOf),
      [17, 55, 0, 28, 29],
    );
  });

  it('share conversations out evenly', () => {
    const counts = new Array<number>(partitionCount).fill(0);
    for (let i = 0; i < 64_000; i++) counts[partitionOf(`d:user-${i % 251}:user-${i}`)]!++;
    assert.ok(Math.min(...counts) > 800 && Math.max(...counts) < 1200, String(counts));
  });

  it('are each held by one of the workers, whatever the order of asking', () => {
    fc.assert(
      fc.property(ids, (workers) => {
        const held = workers.flatMap((worker) => partitionsOf(worker, workers));
        assert.deepEqual(
          held.toSorted((a, b) => a - b),
          partitions,
        );
        const reversed = workers.toReversed();
        for (const partition of partitions)
          assert.equal(holderOf(partition, workers), holderOf(partition, reversed));
      }),
    );
  });

  it('move only from a worker that goes, and only to one that comes', () => {
    fc.assert(
      fc.property(ids, fc.uuid(), (workers, other) => {
        fc.pre(!workers.includes(other));
        const more = [...workers, other];
        for (const partition of partitions) {
          const [before, after] = [holderOf(partition, workers), holderOf(partition, more)];
          assert.ok(after === before || after === other);
        }
      }),
    );
  });

  it('are shared evenly by many workers', () => {
    const workers = Array.from({ length: 4 }, (_, i) => `worker-${i}`);
    for (const worker of workers) {
      const { length } = partitionsOf(worker, workers);
      assert.ok(length >= 6 && length <= 28, `${worker}: ${length}`);
    }
  });

  it('have no holder where nobody works', () => {
    assert.equal(holderOf(3, []), undefined);
  });
});
