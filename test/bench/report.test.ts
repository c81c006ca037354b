import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, medianRatio, renderSection, replaceSection, type Section } from '../../bench/report.ts';

test('takes the median of odd and even counts', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.equal(median([]), Number.NaN);
});

test('takes the ratio in each round before the median', () => {
  assert.equal(medianRatio([10, 40, 90], [10, 20, 30]), 2);
});

test('shows a row with medians, ratio and target, and the faults', () => {
  const section: Section = {
    id: 'x',
    title: 'X',
    method: 'How.',
    subject: 'A',
    reference: 'B',
    rows: [
      {
        name: 'sends',
        unit: 'per second',
        subject: [1500, 1200],
        reference: [1000, 1000],
        target: '≥ 1.0 ×',
      },
      { name: 'alone', unit: 'ms', subject: [0.5] },
    ],
    faults: ['one lost'],
  };
  const text = renderSection(section, 'today');
  assert.ok(text.includes('| sends | 1,350 | 1,000 | 1.35 × | ≥ 1.0 × |\n| alone | 0.50 ms |  |  |  |'));
  assert.ok(text.includes('**one lost**'));
});

test('replaces its own section and leaves the others', () => {
  const first = replaceSection('# Head\n', 'a', 'A1');
  const second = replaceSection(first, 'b', 'B1');
  const third = replaceSection(second, 'a', 'A2');
  assert.equal(third, second.replace('A1', 'A2'));
  assert.ok(third.startsWith('# Head\n') && third.includes('B1'));
});
