import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findSchemathesis, fuzzApi } from '../fuzz/api-fuzzer.ts';
import { withReal } from './not-available.ts';

describe('schemathesis', async () => {
  await withReal(
    'schemathesis',
    async () => findSchemathesis(),
    (program) => {
      it('finds no 5xx and no answer outside the OpenAPI document', async () => {
        const { passed, output, faults } = await fuzzApi(program, { examples: 0, seed: 1, chains: false });
        assert.ok(passed, output.slice(-20_000));
        assert.deepEqual(faults, []);
      });
    },
  );
});
