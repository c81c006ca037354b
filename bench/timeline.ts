import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openSqliteTimeline } from '../store/timeline/sqlite/timeline.ts';
import type { Submission, Timeline } from '../store/timeline.ts';

// CPU and wall time of stored events, all threads, the last flush and checkpoint included:
//   taskset -c 0 node dist/bench/timeline.js --events 600000 --conversations 500 --batch 300
// how long an append takes at so many events a second:
//   node dist/bench/timeline.js --paced 5000 --seconds 15
// how long a page of 50 takes in a store of so many events, and to open it:
//   node dist/bench/timeline.js --reads 5000 --events 1000000
const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '600000' },
    conversations: { type: 'string', default: '500' },
    batch: { type: 'string', default: '300' },
    bytes: { type: 'string', default: '180' },
    window: { type: 'string', default: '2' },
    paced: { type: 'string' },
    seconds: { type: 'string', default: '15' },
    reads: { type: 'string' },
    dir: { type: 'string', default: tmpdir() },
  },
});

const events = Number(values.events);
const conversations = Number(values.conversations);
const batchSize = Number(values.batch);
const raw = Buffer.from(
  `{"id":"c-000001","type":"text","body":{"text":"${'x'.repeat(Number(values.bytes) - 49)}"}}`,
);
const names = Array.from({ length: conversations }, (_, i) => `u:sender${i}:talker${i}`);
const senders = Array.from({ length: conversations }, (_, i) => `sender${i}`);
let made = 0;

type Mutable = { -readonly [Member in keyof Submission]: Submission[Member] };
/** Batches to be used in turn, so that what is measured is the store and not the making of its input. */
const pool = Array.from({ length: 50 }, () =>
  Array.from({ length: batchSize }, (): Mutable => ({ conv: '', from: '', id: '', counts: true, raw })),
);

function nextBatch(count = batchSize): Submission[] {
  const batch = pool[made % pool.length]!;
  for (const event of batch) {
    const which = Math.floor(Math.random() * conversations);
    event.conv = names[which]!;
    event.from = senders[which]!;
    event.id = `m-${(made++).toString(36)}`;
  }
  return count === batch.length ? batch : batch.slice(0, count);
}

function percentiles(times: number[]): string {
  times.sort((a, b) => a - b);
  const at = (part: number): string => times[Math.floor((times.length - 1) * part)]!.toFixed(2);
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, p99.9 ${at(0.999)}, max ${at(1)} ms`;
}

async function flatOut(timeline: Timeline, count: number): Promise<void> {
  let left = Math.ceil(count / batchSize);
  const lane = async (): Promise<void> => {
    while (left-- > 0) await timeline.append(nextBatch());
  };
  await Promise.all(Array.from({ length: Number(values.window) }, lane));
}

async function measureCost(timeline: Timeline): Promise<void> {
  const stored = Math.ceil(events / batchSize) * batchSize;
  const own = process.cpuUsage();
  for (let i = 0; i < 300; i++) nextBatch();
  const { user: made, system: madeSystem } = process.cpuUsage(own);
  const harness = (made + madeSystem) / (300 * batchSize);
  const cpu = process.cpuUsage();
  const begin = performance.now();
  await flatOut(timeline, stored);
  const appended = performance.now() - begin;
  await timeline.close();
  const { user, system } = process.cpuUsage(cpu);
  console.log(
    `${stored} events, ${conversations} conversations, batches of ${batchSize}, ${raw.length} bytes: ` +
      `CPU ${((user + system) / stored - harness).toFixed(2)} µs/event (system ${(system / stored).toFixed(2)}), ` +
      `wall ${(((performance.now() - begin) * 1000) / stored).toFixed(2)} µs/event, ` +
      `${Math.round(stored / (appended / 1000))} appended/s`,
  );
}

/** As the committer does it: what arrives while an append runs is the next one. */
async function measurePaced(timeline: Timeline, perSecond: number): Promise<void> {
  const times: number[] = [];
  const total = perSecond * Number(values.seconds);
  let waiting: number[] = [];
  let sent = 0;
  const begin = performance.now();
  const arrivals = setInterval(() => {
    const due = Math.min(total, Math.floor(((performance.now() - begin) * perSecond) / 1000));
    for (; sent < due; sent++) waiting.push(begin + (sent * 1000) / perSecond);
  }, 1);
  while (times.length < total) {
    if (waiting.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      continue;
    }
    const since = waiting.splice(0, batchSize);
    await timeline.append(nextBatch(since.length));
    const now = performance.now();
    for (const arrived of since) times.push(now - arrived);
  }
  clearInterval(arrivals);
  waiting = [];
  console.log(`${perSecond} events/s for ${values.seconds} s: acknowledged after ${percentiles(times)}`);
}

async function measureReads(timeline: Timeline, reads: number): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < reads; i++) {
    const conv = names[Math.floor(Math.random() * conversations)]!;
    const before = Math.floor((Math.random() * events) / conversations) + 50;
    const begin = performance.now();
    await timeline.range({ conv, after: 0, before, limit: 50, newest: true });
    times.push(performance.now() - begin);
  }
  console.log(`pages of 50 in a store of ${events}: ${percentiles(times)}`);
}

const dir = await mkdtemp(join(values.dir, 'petrel-bench-'));
const open = () => openSqliteTimeline({ dir, log: (_, message) => console.error(message) });
console.log(`Node ${process.version}, ${cpus()[0]?.model}`);
let timeline = await open();
try {
  if (values.paced) await measurePaced(timeline, Number(values.paced));
  else if (values.reads) {
    await flatOut(timeline, events);
    await timeline.close();
    const begin = performance.now();
    timeline = await open();
    console.log(`opened in ${(performance.now() - begin).toFixed(0)} ms`);
    await measureReads(timeline, Number(values.reads));
  } else {
    // So that it runs as it does after a while: code compiled, journal files in use again.
    await flatOut(timeline, 150_000);
    await measureCost(timeline);
  }
} finally {
  await timeline.close();
  await rm(dir, { recursive: true });
}
