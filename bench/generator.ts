import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LoadClient, LoadJob, LoadReport, LoadResult, ResumeResult } from './load/job.ts';
import { spawnPinned, stopChild } from './servers/server.ts';

const program = fileURLToPath(new URL('load/main.js', import.meta.url));
const timeoutMs = 180_000;
/** The text of every message of the benchmarks, bytes. */
const textBytes = 100;

/** What the cases leave open in a job is the same in all of them. */
export type Job = Omit<LoadJob, 'version' | 'textBytes' | 'deliveriesPerSend'> & {
  readonly deliveriesPerSend?: number;
};

/** Runs the generator, in a process of its own, to the end of a `window` or `paced` job. */
export async function runLoad(core: number | undefined, job: Job): Promise<LoadResult> {
  const report = await runJob(core, job);
  if (report.kind !== 'load') throw new Error(`the generator answered ${report.kind}`);
  return report.result;
}

/** The same for a `resume` job. */
export async function runResume(core: number | undefined, job: Job): Promise<ResumeResult> {
  const report = await runJob(core, job);
  if (report.kind !== 'resume') throw new Error(`the generator answered ${report.kind}`);
  return report.result;
}

/** Connects the clients and holds the connections until `release` is called. */
export async function holdClients(
  core: number | undefined,
  port: number,
  clients: readonly LoadClient[],
): Promise<{ connectMs: number; release(): Promise<void> }> {
  const child = spawnGenerator(core, { port, clients, mode: { kind: 'hold' } });
  const report = await nextReport(child);
  if (report.kind !== 'ready') throw new Error(`the generator answered ${report.kind}`);
  const release = async (): Promise<void> => {
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.stdin!.end();
    await exited;
  };
  return { connectMs: report.connectMs, release };
}

async function runJob(core: number | undefined, job: Job): Promise<LoadReport> {
  const child = spawnGenerator(core, job);
  try {
    return await nextReport(child);
  } finally {
    await stopChild(child);
  }
}

function spawnGenerator(core: number | undefined, job: Job): ChildProcess {
  const child = spawnPinned([process.execPath, program], core, { stdin: 'pipe' });
  const whole: LoadJob = { version: 5, textBytes, deliveriesPerSend: 0, ...job };
  child.stdin!.write(`${JSON.stringify(whole)}\n`);
  return child;
}

async function nextReport(child: ChildProcess): Promise<LoadReport> {
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  try {
    for await (const line of createInterface({ input: child.stdout! })) {
      const report = JSON.parse(line) as LoadReport;
      if (report.kind === 'failed') throw new Error(`load generator: ${report.message}`);
      return report;
    }
    throw new Error('the load generator ended without an answer');
  } finally {
    clearTimeout(timer);
  }
}
