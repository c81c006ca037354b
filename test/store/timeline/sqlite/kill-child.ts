import { openSqliteTimeline } from '../../../../store/timeline/sqlite/timeline.ts';
import { submission } from '../../timeline.conformance.ts';

// Sends without end, several appends at a time, and prints what was acknowledged: conv, id, seq. Ids begin where the
// last run ended, so that what was not acknowledged is sent again. Small limits, to be killed in flushes too.
const [dir, conversations, resumed] = process.argv.slice(2) as [string, string, string];
const next = JSON.parse(resumed) as Record<string, number>;
const convs = conversations.split(',');

const timeline = await openSqliteTimeline({
  dir,
  limits: { flushEvents: 400, flushMs: 20 },
});

async function lane(own: readonly string[]): Promise<void> {
  for (;;) {
    const batch = Array.from({ length: 40 }, (_, i) => {
      const conv = own[i % own.length]!;
      const id = next[conv] ?? 0;
      next[conv] = id + 1;
      const replaces = id % 10 === 9 ? [{ seq: 1, raw: Buffer.from('{"id":"i0"}') }] : undefined;
      return submission(conv, 'alice', `i${id}`, { ...(replaces && { replaces, target: 1 }) });
    });
    const answers = await timeline.append(batch);
    process.stdout.write(answers.map(({ seq }, i) => `${batch[i]!.conv} ${batch[i]!.id} ${seq}\n`).join(''));
  }
}

// A lane to each conversation and one to all of them; the lanes' ids are their own.
await Promise.all(convs.map((conv) => lane([conv])));
