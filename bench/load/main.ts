import { createInterface } from 'node:readline';
import { connectAll, endAll } from './clients.ts';
import type { LoadJob, LoadReport } from './job.ts';
import { measureRate } from './rate.ts';
import { measureResume } from './resume.ts';
import { Traffic } from './traffic.ts';

const report = (line: LoadReport): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function hold(job: LoadJob): Promise<void> {
  const start = performance.now();
  const connections = await connectAll(job, new Traffic(0));
  report({ kind: 'ready', connectMs: performance.now() - start });
  await input.next();
  await endAll(connections);
}

try {
  const job = JSON.parse((await input.next()).value as string) as LoadJob;
  const { mode } = job;
  if (mode.kind === 'hold') await hold(job);
  else if (mode.kind === 'resume')
    report({ kind: 'resume', result: await measureResume(job, mode.messages) });
  else report({ kind: 'load', result: await measureRate(job, mode) });
} catch (fault) {
  report({ kind: 'failed', message: fault instanceof Error ? fault.message : String(fault) });
}
process.exit();
