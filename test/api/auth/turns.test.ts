import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTurns } from '../../../api/auth/turns.ts';
import { PetrelError } from '../../../schemas/errors.ts';

const rate = (error: unknown): boolean =>
  error instanceof PetrelError && error.code === 'request.rate' && error.retryAfterMs! > 0;

/** Work that ends when it is told to. */
function held(): { work: () => Promise<void>; end: () => void } {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { work: () => ended, end };
}

describe('turns', () => {
  it('come round: one who asks often does not keep another waiting', async () => {
    const inTurn = createTurns({ running: 1, waiting: 100, waitingEach: 50 });
    const order: string[] = [];
    const note = (asker: string) => inTurn(asker, async () => void order.push(asker));
    const first = held();
    const all = [inTurn('flood', first.work), ...Array.from({ length: 20 }, () => note('flood'))];
    all.push(note('alice'), note('bob'), note('alice'));
    first.end();
    await Promise.all(all);
    assert.deepEqual(order.slice(0, 5), ['flood', 'alice', 'bob', 'flood', 'alice']);
    assert.equal(order.length, 23);
  });

  it('run so many at once and no more, and go on after a failure', async () => {
    const inTurn = createTurns({ running: 2, waiting: 100, waitingEach: 100 });
    let active = 0;
    let most = 0;
    const work = async () => {
      active += 1;
      most = Math.max(most, active);
      await Promise.resolve();
      active -= 1;
      throw new Error('failed');
    };
    const results = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => inTurn(`${i % 3}`, work)));
    assert.ok(results.every(({ status }) => status === 'rejected'));
    assert.equal(most, 2);
    assert.equal(await inTurn('later', async () => 'done'), 'done');
  });

  it('are refused where too many wait, of one asker or of all', async () => {
    const inTurn = createTurns({ running: 1, waiting: 3, waitingEach: 2 });
    const { work, end } = held();
    const all = ['a', 'a', 'a'].map((asker) => inTurn(asker, work));
    await assert.rejects(inTurn('a', work), rate);
    all.push(inTurn('b', work));
    await assert.rejects(inTurn('c', work), rate);
    end();
    await Promise.all(all);
  });
});
