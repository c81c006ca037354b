import process from 'node:process';
import { parseArgs } from 'node:util';
import { findSchemathesis, fuzzApi } from './api-fuzzer.ts';

// `npm run fuzz:api -- --examples 200 --seed 1`
const { values } = parseArgs({
  options: {
    examples: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
  },
});
try {
  const [examples, seed] = [Number(values.examples), Number(values.seed)];
  const { passed, output, faults } = await fuzzApi(findSchemathesis(), { examples, seed, chains: true });
  process.stdout.write([output, ...faults, ''].join('\n'));
  process.exitCode = passed && faults.length === 0 ? 0 : 1;
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
