import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openSqliteTimeline } from '../../../../store/timeline/sqlite/timeline.ts';
import type { Timeline } from '../../../../store/timeline.ts';
import { withDirectory } from './parts.ts';

const child = fileURLToPath(new URL('./kill-child.js', import.meta.url));
const convs = ['u:alice:bob', 'u:alice:alice', 'g:team'];
const rounds = 8;

/** What was acknowledged, by conversation and id. */
type Acknowledged = Map<string, Map<string, number>>;

/** Lets a child send until it has had `enough` acknowledgements, and kills it where it stands. */
async function sendAndKill(dir: string, acknowledged: Acknowledged, enough: number): Promise<void> {
  const resumed = Object.fromEntries(convs.map((conv) => [conv, acknowledged.get(conv)!.size]));
  const process = spawn(globalThis.process.execPath, [child, dir, convs.join(','), JSON.stringify(resumed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => process.once('exit', (_, signal) => resolve(signal)));
  let left = enough;
  for await (const text of createInterface({ input: process.stdout })) {
    const [conv, id, seq] = text.split(' ') as [string, string, string];
    const ids = acknowledged.get(conv);
    // The last line may be cut.
    if (!ids || seq === undefined || text.length < 5) continue;
    const before = ids.get(id);
    if (left > 0 || before !== undefined) assert.ok(before === undefined || before === Number(seq));
    if (left > 0) ids.set(id, Number(seq));
    if (--left === 0) process.kill('SIGKILL');
  }
  assert.equal(await ended, 'SIGKILL');
}

async function eventsOf(timeline: Timeline, conv: string): Promise<{ seq: number; id: string }[]> {
  const events: { seq: number; id: string }[] = [];
  for (;;) {
    const page = await timeline.range({ conv, after: events.length, limit: 1000 });
    if (page.length === 0) return events;
    for (const { seq, raw } of page)
      events.push({ seq, id: (JSON.parse(Buffer.from(raw).toString()) as { id: string }).id });
  }
}

test('a process killed at any moment loses nothing acknowledged, stores nothing twice and leaves no hole', () =>
  withDirectory(async (dir) => {
    const acknowledged: Acknowledged = new Map(convs.map((conv) => [conv, new Map()]));
    for (let round = 0; round < rounds; round++) {
      await sendAndKill(dir, acknowledged, 1 + Math.floor(Math.random() * 4000));
      const timeline = await openSqliteTimeline({ dir });
      try {
        for (const conv of convs) {
          const events = await eventsOf(timeline, conv);
          assert.deepEqual(
            events.map(({ seq }) => seq),
            events.map((_, i) => i + 1),
          );
          const seqOf = new Map(events.map(({ id, seq }) => [id, seq]));
          assert.equal(seqOf.size, events.length, 'an id is stored twice');
          for (const [id, seq] of acknowledged.get(conv)!) assert.equal(seqOf.get(id), seq, `${conv} ${id}`);
          const [head] = await timeline.heads([conv]);
          assert.equal(head?.seq ?? 0, events.length);
        }
      } finally {
        await timeline.close();
      }
    }
  }));
