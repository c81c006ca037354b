import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Connection } from '../../broker/connection.ts';
import { endLost } from '../../broker/ownership.ts';
import { Registry } from '../../broker/registry.ts';
import { Unfinished } from '../../broker/unfinished.ts';
import { PetrelError } from '../../schemas/errors.ts';
import type { Owners } from '../../store/owners.ts';
import { createMemoryOwners } from '../../store/state/memory/owners.ts';
import { until } from '../support/until.ts';

const key = 'bob/phone';

interface Parts {
  readonly registry: Registry;
  readonly unfinished: Unfinished;
  readonly owners: Owners;
  lose(taken: boolean): void;
}

async function withParts(use: (parts: Parts) => Promise<void>): Promise<void> {
  const registry = new Registry(() => 0);
  const unfinished = new Unfinished(registry, () => {});
  let lose: (key: string, taken: boolean) => void = () => {};
  const owners: Owners = {
    ...createMemoryOwners(),
    onLost: (handler) => {
      lose = handler;
      return () => {};
    },
  };
  await owners.take(key);
  const end = endLost({ registry, unfinished, owners });
  try {
    await use({ registry, unfinished, owners, lose: (taken) => lose(key, taken) });
  } finally {
    end();
    await unfinished.close();
    registry.close();
  }
}

/** A connection that keeps how it ended. */
function fake(): { readonly connection: Connection; readonly ends: (number | 'destroyed')[] } {
  const ends: (number | 'destroyed')[] = [];
  const connection = {
    end: (reason: number) => ends.push(reason),
    destroy: () => ends.push('destroyed'),
  };
  return { connection: connection as unknown as Connection, ends };
}

describe('a session that this node has no more', () => {
  it('ends its connection by 0x8E where another one took it, else by 0x83', () =>
    withParts(async ({ registry, lose }) => {
      const { connection, ends } = fake();
      registry.bind(key, connection);
      lose(true);
      lose(false);
      assert.deepEqual(ends, [0x8e, 0x83]);
    }));

  it('ends a connection that was about to take it up', () =>
    withParts(async ({ registry, lose }) => {
      const { connection, ends } = fake();
      await registry.opening(key, connection, async () => lose(true));
      assert.deepEqual(ends, ['destroyed']);
    }));

  it('is let go of where it has no connection, and not before what one left is stored', () =>
    withParts(async ({ registry, owners, lose }) => {
      registry.leaving(key, async () => assert.ok(owners.numberOf(key)));
      lose(true);
      assert.ok(owners.numberOf(key));
      await registry.settledTurns();
      assert.equal(owners.numberOf(key), undefined);
    }));

  it('is let go of by what an end could not store, when that is stored', () =>
    withParts(async ({ registry, unfinished, owners, lose }) => {
      let away = true;
      let tries = 0;
      await unfinished.run(key, async () => {
        tries++;
        if (away) throw new PetrelError('store.unavailable');
        await owners.release(key);
      });
      lose(true);
      await registry.settledTurns();
      assert.equal(tries, 2);
      assert.ok(owners.numberOf(key));
      away = false;
      lose(true);
      await until('it is let go of', () => owners.numberOf(key) === undefined);
      assert.equal(unfinished.size, 0);
    }));
});
