import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from '../../broker/registry.ts';
import { Unfinished } from '../../broker/unfinished.ts';
import { PetrelError } from '../../schemas/errors.ts';
import { NotTheOwner } from '../../store/owners.ts';
import { until } from '../support/until.ts';

const key = 'bob/phone';

/** Work that fails while the store is away. */
class Work {
  away = true;
  tries = 0;
  done = 0;
  readonly run = async (): Promise<void> => {
    this.tries++;
    if (this.away) throw new PetrelError('store.unavailable');
    this.done++;
  };
}

async function withUnfinished(
  use: (unfinished: Unfinished, errors: unknown[]) => Promise<void>,
): Promise<void> {
  const registry = new Registry(() => 0);
  const errors: unknown[] = [];
  const unfinished = new Unfinished(registry, (error) => errors.push(error));
  try {
    await use(unfinished, errors);
  } finally {
    await unfinished.close();
    registry.close();
  }
}

describe('what ends of connections could not store', () => {
  it('is tried again until it is stored, and told once', () =>
    withUnfinished(async (unfinished, errors) => {
      const work = new Work();
      await unfinished.run(key, work.run);
      assert.equal(unfinished.size, 1);
      await until('it was tried again', () => work.tries > 1);
      work.away = false;
      await until('it is stored', () => unfinished.size === 0);
      assert.deepEqual([work.done, errors.length], [1, 1]);
    }));

  it('is stored before the session is taken up, which is refused while it cannot be', () =>
    withUnfinished(async (unfinished) => {
      const work = new Work();
      await unfinished.run(key, work.run);
      await assert.rejects(unfinished.finish(key), { code: 'store.unavailable' });
      work.away = false;
      await unfinished.finish(key);
      await unfinished.finish(key);
      assert.deepEqual([work.done, unfinished.size], [1, 0]);
    }));

  it('is forgotten where another node has the session', () =>
    withUnfinished(async (unfinished, errors) => {
      await unfinished.run(key, async () => {
        throw new NotTheOwner();
      });
      assert.deepEqual([unfinished.size, errors], [0, []]);
      let taken = false;
      await unfinished.run(key, async () => {
        throw taken ? new NotTheOwner() : new PetrelError('store.unavailable');
      });
      taken = true;
      await unfinished.finish(key);
      assert.equal(unfinished.size, 0);
    }));

  it('is tried once more at the end', () =>
    withUnfinished(async (unfinished) => {
      const work = new Work();
      await unfinished.run(key, work.run);
      work.away = false;
      await unfinished.close();
      assert.deepEqual([work.done, unfinished.size], [1, 0]);
    }));
});
