import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Histogram } from '../../../bench/load/histogram.ts';

test('gives any quantile of any durations to 1/64', () => {
  const durations = fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(durations, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
      const histogram = new Histogram();
      for (const value of values) histogram.record(value);
      const sorted = values.toSorted((a, b) => a - b);
      const exact = sorted[Math.max(1, Math.ceil(values.length * share)) - 1]!;
      const found = histogram.quantile(share);
      assert.ok(found >= exact && found <= exact + exact / 64, `${found} for ${exact}`);
    }),
  );
});

test('counts what is out of range at its ends', () => {
  const histogram = new Histogram();
  histogram.record(-5);
  histogram.record(2 ** 40);
  assert.equal(histogram.quantile(0.5), 0);
  assert.equal(histogram.quantile(1), 2 ** 31 - 1);
});

test('has no quantile while it is empty', () => {
  const histogram = new Histogram();
  assert.equal(histogram.quantile(0.5), Number.NaN);
  histogram.record(1);
  histogram.reset();
  assert.equal(histogram.total, 0);
  assert.equal(histogram.quantile(0.5), Number.NaN);
});
