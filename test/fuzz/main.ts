import process from 'node:process';
import { parseArgs } from 'node:util';
import { fuzz } from './fuzzer.ts';

// `npm run fuzz -- --connections 5000 --seed 1`
const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '1' },
    concurrency: { type: 'string', default: '8' },
  },
});
const [connections, seed, concurrency] = [values.connections, values.seed, values.concurrency].map(Number);
const report = await fuzz({ connections: connections!, seed: seed!, concurrency: concurrency! });
process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
