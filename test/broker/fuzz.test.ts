import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fuzz } from '../fuzz/fuzzer.ts';

const maxGrowthBytes = 150 * 1024 * 1024;

describe('a server under hostile connections', () => {
  it('stays up, answers in the right shape, serves its other clients and keeps its memory', async () => {
    const report = await fuzz({ connections: 600, seed: 20_191 });
    for (const count of [report.refused, report.closed, report.served]) assert.ok(count > 10);
    assert.ok(report.witnessed > 20);
    assert.ok(report.grownBytes < maxGrowthBytes, `${report.grownBytes} bytes`);
  });
});
