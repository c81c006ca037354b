import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { compareKeys } from '../../../sdk/storage/keys.ts';
import type { Change, Key, Range, Storage, Table } from '../../../sdk/storage.ts';

/** A place in which a storage is, and can be opened again. */
export interface StoragePlace {
  open(): Storage;
  remove(): Promise<void>;
}

export interface StorageTraits {
  readonly isShared: boolean;
  /** Whether what was written is there when it is opened again. */
  readonly lasts: boolean;
  /** Of the model; fewer where each call takes its time. */
  readonly runs?: number;
}

const parts = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom('', 'a', 'ab', 'b', '10', '9', 'é', '😀'),
);
const keys: fc.Arbitrary<Key> = fc.oneof(
  fc.constantFrom('', 'a', 'ab', 'b', '1'),
  fc.array(parts, { maxLength: 3 }),
);
const names = fc.constantFrom<Table>('events', 'outbox');
const changes: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ table: names, key: keys, value: fc.jsonValue({ maxDepth: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ table: names, key: keys, delete: fc.constant(true as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ table: names, from: keys, to: keys, delete: fc.constant(true as const) }),
  },
);
const ranges: fc.Arbitrary<Range> = fc.record(
  { from: keys, to: keys, reverse: fc.boolean(), limit: fc.nat(5) },
  { requiredKeys: [] },
);

/** What the comments of Storage say, as simply as it can be done. */
class Model {
  #entries: { readonly table: Table; readonly key: Key; readonly value: unknown }[] = [];

  write(all: readonly Change[]): void {
    for (const change of all) {
      const { from, to } = 'key' in change ? { from: change.key, to: change.key } : change;
      this.#entries = this.#entries.filter(
        ({ table, key }) => table !== change.table || compareKeys(key, from) < 0 || compareKeys(key, to) > 0,
      );
      if ('value' in change) this.#entries.push(change);
    }
  }

  range(name: Table, { from, to, reverse, limit }: Range): unknown[] {
    const found = this.#entries
      .filter(({ table }) => table === name)
      .filter(({ key }) => from === undefined || compareKeys(key, from) >= 0)
      .filter(({ key }) => to === undefined || compareKeys(key, to) <= 0)
      .sort((a, b) => compareKeys(a.key, b.key) * (reverse ? -1 : 1));
    return found.slice(0, limit).map(({ value }) => value);
  }
}

const failed = { name: 'ClientError', code: 'client.storage' };

/** Tests each guarantee of Storage's comments on an implementation. */
export function storageConformance(
  name: string,
  place: () => Promise<StoragePlace>,
  { isShared, lasts, runs = 100 }: StorageTraits,
): void {
  describe(`${name} as a storage`, () => {
    let at: StoragePlace;
    let storage: Storage;
    before(async () => {
      at = await place();
      storage = at.open();
    });
    after(async () => {
      await storage.close();
      await at.remove();
    });

    it('has undefined where nothing was written', async () => {
      assert.equal(await storage.get('events', ['c', 1]), undefined);
      assert.deepEqual(await storage.range('events'), []);
    });

    it('keeps tables apart', async () => {
      await storage.write([
        { table: 'meta', key: 'a', value: 1 },
        { table: 'profiles', key: 'a', value: 2 },
      ]);
      assert.deepEqual([await storage.get('meta', 'a'), await storage.get('profiles', 'a')], [1, 2]);
      assert.equal(await storage.get('session', 'a'), undefined);
    });

    it('keeps what JSON can say, as it is', async () => {
      const value = { text: '你好 😀 \u2028\n"', list: [1, 2.5, null, true, [{}]], nested: { a: { b: '' } } };
      await storage.write([{ table: 'meta', key: ['v'], value }]);
      assert.deepEqual(await storage.get('meta', ['v']), value);
      assert.deepEqual(await storage.range('meta', { from: ['v'], to: ['v'] }), [value]);
    });

    it('reads and changes like the model, whatever is written and asked', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.oneof(fc.array(changes, { maxLength: 6 }), ranges), { maxLength: 20 }),
          async (steps) => {
            await storage.clear();
            const model = new Model();
            // Not one is waited for: what is called first takes effect first.
            const answers = steps.map(async (step) => {
              if (Array.isArray(step)) {
                model.write(step);
                return await storage.write(step);
              }
              const expected = model.range('events', step);
              assert.deepEqual(await storage.range('events', step), expected);
            });
            await Promise.all(answers);
            for (const table of ['events', 'outbox'] as const)
              assert.deepEqual(await storage.range(table), model.range(table, {}));
          },
        ),
        { numRuns: runs },
      );
    });

    it('keeps its order also where there is much, written in any order', async () => {
      await storage.clear();
      const numbers = Array.from({ length: 3000 }, (_, i) => (i * 1237) % 3000);
      await storage.write(numbers.map((n) => ({ table: 'events', key: ['c', n], value: n })));
      const range = { from: ['c', 1000], to: ['c', 2000] } as const;
      assert.deepEqual(
        await storage.range('events', range),
        Array.from({ length: 1001 }, (_, i) => 1000 + i),
      );
      assert.deepEqual(
        await storage.range('events', { ...range, reverse: true, limit: 3 }),
        [2000, 1999, 1998],
      );
      await storage.write([{ table: 'events', from: ['c', 10], to: ['c', 2989], delete: true }]);
      assert.equal((await storage.range('events')).length, 20);
      assert.equal(await storage.get('events', ['c', 2990]), 2990);
    });

    it('writes all or nothing', async () => {
      await storage.clear();
      const bad = { table: 'events', key: [Number.NaN], value: 1 } as const;
      await assert.rejects(storage.write([{ table: 'meta', key: 'kept', value: 1 }, bad]), failed);
      assert.equal(await storage.get('meta', 'kept'), undefined);
      await storage.write([{ table: 'meta', key: 'kept', value: 2 }]);
      assert.equal(await storage.get('meta', 'kept'), 2);
    });

    it('keeps a CryptoKey, or says that it does not', async () => {
      const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt']);
      const write = storage.write([{ table: 'session', key: 'key', value: { key } }]);
      if (!storage.keepsKeys) {
        await assert.rejects(write, failed);
        return;
      }
      await write;
      const kept = await storage.get<{ key: typeof key }>('session', 'key');
      assert.equal(kept?.key.algorithm.name, 'AES-GCM');
    });

    it('clears every table', async () => {
      const every: readonly Table[] = ['session', 'outbox', 'events', 'conversations', 'profiles', 'meta'];
      await storage.write(every.map((table) => ({ table, key: 'a', value: table })));
      await storage.clear();
      for (const table of every) assert.deepEqual(await storage.range(table), []);
    });

    it('says whether other tabs see the same', async () => {
      assert.equal(await storage.isShared, isShared);
    });

    it('does what was called before it is closed, and refuses what is called then', async () => {
      const writing = storage.write([{ table: 'outbox', key: [1], value: 'last' }]);
      await storage.close();
      await writing;
      await storage.close();
      await assert.rejects(storage.get('outbox', [1]), failed);
      await assert.rejects(storage.range('outbox'), failed);
      await assert.rejects(storage.write([]), failed);
      await assert.rejects(storage.clear(), failed);
      storage = at.open();
      assert.equal(await storage.get('outbox', [1]), lasts ? 'last' : undefined);
    });
  });
}
