import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openSqliteTimeline } from '../store/timeline/sqlite/timeline.ts';
import type { Submission } from '../store/timeline.ts';

// CPU time and wall time of stored events, all threads, the last flush and checkpoint included:
//   taskset -c 0 node dist/bench/timeline.js --events 600000 --conversations 500 --batch 300
//   … --paced 5000 for the time an append takes at so many events a second
const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '600000' },
    conversations: { type: 'string', default: '500' },
    batch: { type: 'string', default: '300' },
    bytes: { type: 'string', default: '180' },
    window: { type: 'string', default: '2' },
    paced: { type: 'string' },
    dir: { type: 'string', default: tmpdir() },
  },
});

const events = Number(values.events);
const conversations = Number(values.conversations);
const batchSize = Number(values.batch);
const window = Number(values.window);
const raw = Buffer.from(
  `{"id":"c-000001","type":"text","body":{"text":"${'x'.repeat(Number(values.bytes) - 48)}"}}`,
);

const names = Array.from({ length: conversations }, (_, i) => `u:sender${i}:talker${i}`);
const senders = Array.from({ length: conversations }, (_, i) => `sender${i}`);
let made = 0;
const batchOf = (count: number): Submission[] =>
  Array.from({ length: count }, () => {
    const which = Math.floor(Math.random() * conversations);
    return {
      conv: names[which]!,
      from: senders[which]!,
      id: `m-${(made++).toString(36)}`,
      counts: true,
      raw,
    };
  });

const percentile = (sorted: readonly number[], part: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(2);

async function main(): Promise<void> {
  const dir = await mkdtemp(join(values.dir, 'petrel-bench-'));
  const timeline = await openSqliteTimeline({ dir, log: console.error });
  try {
    if (values.paced) await paced(Number(values.paced));
    else await flatOut();
  } finally {
    await timeline.close();
    await rm(dir, { recursive: true });
  }

  async function flatOut(): Promise<void> {
    const batches = Array.from({ length: Math.ceil(events / batchSize) }, () => batchOf(batchSize));
    const stored = batches.length * batchSize;
    const idle = performance.eventLoopUtilization();
    const cpu = process.cpuUsage();
    const begin = performance.now();
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let batch = batches[next++]; batch; batch = batches[next++]) await timeline.append(batch);
    };
    await Promise.all(Array.from({ length: window }, lane));
    const appended = performance.now() - begin;
    await timeline.close();
    const wall = performance.now() - begin;
    const { user, system } = process.cpuUsage(cpu);
    const { active } = performance.eventLoopUtilization(idle);
    const each = (us: number): string => (us / stored).toFixed(2);
    console.log(
      `${stored} events, ${conversations} conversations, batches of ${batchSize}: ` +
        `CPU ${each(user + system)} µs/event (user ${each(user)}, system ${each(system)}), ` +
        `caller's thread ${each(active * 1000)} µs/event, ` +
        `wall ${each(wall * 1000)} µs/event, ${Math.round(stored / (appended / 1000))} events/s`,
    );
  }

  async function paced(perSecond: number): Promise<void> {
    const times: number[] = [];
    const seconds = Math.min(20, events / perSecond);
    const perTick = perSecond / 500;
    const begin = performance.now();
    let sent = 0;
    let busy = false;
    let waiting: number[] = [];
    const send = async (): Promise<void> => {
      if (busy || waiting.length === 0) return;
      busy = true;
      const since = waiting;
      waiting = [];
      await timeline.append(batchOf(since.length));
      const now = performance.now();
      for (const at of since) times.push(now - at);
      busy = false;
      await send();
    };
    const cpu = process.cpuUsage();
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        const now = performance.now();
        const due = Math.floor(((now - begin) / 2) * perTick);
        for (; sent < due; sent++) waiting.push(now);
        void send();
        if (now - begin > seconds * 1000) {
          clearInterval(timer);
          resolve();
        }
      }, 2);
    });
    await timeline.close();
    const { user, system } = process.cpuUsage(cpu);
    times.sort((a, b) => a - b);
    console.log(
      `${perSecond} events/s for ${seconds} s: p50 ${percentile(times, 0.5)} ms, p99 ${percentile(times, 0.99)} ms, ` +
        `max ${percentile(times, 1)} ms, CPU ${((user + system) / times.length).toFixed(2)} µs/event`,
    );
  }
}

await main();
