import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { advance, emptyHead, moved, seqsOf } from '../../../store/timeline/sequence.ts';

test('seqs have no holes, n counts what counts, ts never decreases', () => {
  const steps = fc.array(fc.record({ counts: fc.boolean(), nowMs: fc.nat() }));
  fc.assert(
    fc.property(steps, (events) => {
      const head = emptyHead();
      events.forEach(({ counts, nowMs }, i) => {
        const before = { ...head };
        advance(head, counts, nowMs);
        assert.equal(head.seq, i + 1);
        assert.equal(head.n, before.n + (counts ? 1 : 0));
        assert.equal(head.ts, Math.max(before.ts, nowMs));
      });
    }),
  );
});

test('a cursor never moves back nor beyond the head', () => {
  assert.equal(moved(3, undefined, 9), 3);
  assert.equal(moved(3, 2, 9), 3);
  assert.equal(moved(3, 5, 9), 5);
  assert.equal(moved(3, 50, 9), 9);
  assert.equal(moved(3, 5.5, 9), 5);
  assert.equal(moved(3, Number.NaN, 9), 3);
  assert.equal(moved(3, Number.POSITIVE_INFINITY, 9), 9);
  assert.equal(moved(0, 5, 0), 0);
});

test('a range names the seqs that a filter over all of them finds', () => {
  const range = fc.record(
    {
      after: fc.integer({ min: -2, max: 40 }),
      before: fc.integer({ min: -2, max: 40 }),
      limit: fc.integer({ min: 1, max: 50 }),
      newest: fc.boolean(),
    },
    { requiredKeys: ['after', 'limit'] },
  );
  fc.assert(
    fc.property(range, fc.nat(35), ({ after, before, limit, newest }, headSeq) => {
      const all = Array.from({ length: headSeq }, (_, i) => i + 1);
      const inside = all.filter((seq) => seq > after && (before === undefined || seq < before));
      const expected = newest ? inside.slice(-limit) : inside.slice(0, limit);
      const bounds = { after, limit, ...(before !== undefined && { before }), ...(newest && { newest }) };
      const found = seqsOf(bounds, headSeq);
      assert.deepEqual(
        found,
        expected.length > 0 ? { first: expected[0], last: expected.at(-1) } : undefined,
      );
    }),
  );
});
