import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { drain } from '../../broker/drain.ts';

interface Client {
  readonly name: number;
  isClosed: boolean;
}

const clients = (count: number): Client[] =>
  Array.from({ length: count }, (_, name) => ({ name, isClosed: false }));

describe('drain', () => {
  it('moves every connection off once, and waits until each is gone', async () => {
    const moved: number[] = [];
    let gone = 0;
    await drain(clients(500), 50, async ({ name }) => {
      moved.push(name);
      await new Promise((resolve) => setImmediate(resolve));
      gone++;
    });
    assert.deepEqual(
      moved.toSorted((a, b) => a - b),
      clients(500).map(({ name }) => name),
    );
    assert.equal(gone, 500);
  });

  it('spreads them: while the last ones wait, others have been moved off', async () => {
    const seen = new Set<number>();
    let turns = 0;
    const counting = setInterval(() => turns++, 1);
    await drain(clients(20), 200, async () => {
      seen.add(turns);
    });
    clearInterval(counting);
    assert.ok(seen.size > 5, `all within ${seen.size} turns`);
  });

  it('keeps no order that they share', async () => {
    const moved: number[] = [];
    await drain(clients(100), 0, async ({ name }) => {
      moved.push(name);
    });
    assert.notDeepEqual(
      moved,
      clients(100).map(({ name }) => name),
    );
  });

  it('waits for nobody who has left by themselves', async () => {
    const all = clients(3).map((client) => ({ ...client, isClosed: true }));
    await drain(all, 3_600_000, () => assert.fail('moved off what was gone'));
  });
});
