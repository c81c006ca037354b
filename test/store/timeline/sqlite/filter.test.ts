import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KeyFilter } from '../../../../store/timeline/sqlite/filter.ts';

const key = fc.record({ conv: fc.nat(2 ** 31 - 1), hash: fc.nat(2 ** 32 - 1) });

test('has every key that was put in', () => {
  fc.assert(
    fc.property(fc.array(key, { maxLength: 300 }), (keys) => {
      const filter = new KeyFilter(2 ** 13);
      for (const { conv, hash } of keys) filter.add(conv, hash);
      assert.ok(keys.every(({ conv, hash }) => filter.has(conv, hash)));
    }),
  );
});

test('has few of the keys that were not put in', () => {
  const filter = new KeyFilter(2 ** 15);
  for (let i = 0; i < 3000; i++) filter.add(i % 50, Math.imul(i, 0x9e3779b1) >>> 0);
  let wrong = 0;
  for (let i = 3000; i < 13_000; i++) if (filter.has(i % 50, Math.imul(i, 0x9e3779b1) >>> 0)) wrong++;
  assert.ok(wrong < 500, `${wrong} of 10000`);
});

test('begins anew when it is full, and says so', () => {
  const filter = new KeyFilter(2 ** 10);
  const { epoch } = filter;
  filter.add(1, 1);
  for (let hash = 2; filter.epoch === epoch; hash++) filter.add(1, hash);
  assert.equal(filter.epoch, epoch + 1);
  assert.equal(filter.has(1, 1), false);
});
