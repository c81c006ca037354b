import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Submission, Timeline } from '../../store/timeline.ts';
import type { OpenTimeline } from './timeline.conformance.ts';

interface ModelEvent {
  readonly seq: number;
  readonly n: number;
  readonly from: string;
  readonly id: string;
  readonly target: number | undefined;
  raw: string;
}

/** The simplest thing that is a timeline. */
class Model {
  readonly events = new Map<string, ModelEvent[]>();
  readonly cursors = new Map<string, { delivered: number; read: number; readN: number }>();

  of(conv: string): ModelEvent[] {
    return this.events.get(conv) ?? [];
  }

  append({ conv, from, id, counts, raw, target, replaces }: Submission): {
    seq: number;
    n: number;
    repeat: boolean;
  } {
    const events = this.of(conv);
    this.events.set(conv, events);
    const first = events.find((event) => event.from === from && event.id === id);
    if (first) return { seq: first.seq, n: first.n, repeat: true };
    const n = (events.at(-1)?.n ?? 0) + (counts ? 1 : 0);
    events.push({ seq: events.length + 1, n, from, id, target, raw: Buffer.from(raw).toString() });
    for (const replacement of replaces ?? []) {
      const event = events[replacement.seq - 1];
      if (event) event.raw = Buffer.from(replacement.raw).toString();
    }
    return { seq: events.length, n, repeat: false };
  }

  move(conv: string, uid: string, delivered: number, read: number): object {
    const events = this.of(conv);
    const before = this.cursors.get(`${conv} ${uid}`) ?? { delivered: 0, read: 0, readN: 0 };
    const after = {
      delivered: Math.max(before.delivered, Math.min(delivered, events.length)),
      read: Math.max(before.read, Math.min(read, events.length)),
      readN: 0,
    };
    after.readN = events[after.read - 1]?.n ?? 0;
    this.cursors.set(`${conv} ${uid}`, after);
    return { conv, uid, ...after };
  }
}

const convs = ['u:a:b', 'u:a:a', 'u:b:c', 'g:x', 'g:y'];

const event = fc.record({
  conv: fc.constantFrom(...convs),
  from: fc.constantFrom('a', 'b', 'c'),
  id: fc.integer({ min: 0, max: 60 }).map((id) => `i${id}`),
  counts: fc.boolean(),
  size: fc.integer({ min: 0, max: 300 }),
  target: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined }),
  replaced: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 2 }),
});
const move = fc.record({
  conv: fc.constantFrom(...convs),
  uid: fc.constantFrom('a', 'b', 'c'),
  delivered: fc.integer({ min: 0, max: 60 }),
  read: fc.integer({ min: 0, max: 60 }),
});
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      appends: fc.array(fc.array(event, { maxLength: 30 }), { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ moves: fc.array(move, { maxLength: 10 }) }) },
  { weight: 2, arbitrary: fc.constant('settle' as const) },
  { weight: 1, arbitrary: fc.constant('reopen' as const) },
);

/** Random batches with repeats, moves and openings give what the simplest timeline gives. */
export function timelineAgainstModel(open: OpenTimeline): void {
  test('does what a model in memory does, whatever is sent and whenever it is opened again', async () => {
    const run = fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
      const opened = await open();
      try {
        let { timeline } = opened;
        const model = new Model();
        for (const next of steps) {
          if (next === 'settle') await opened.settle();
          else if (next === 'reopen') timeline = await opened.reopen();
          else if ('moves' in next)
            assert.deepEqual(
              await timeline.moveCursors(next.moves),
              next.moves.map(({ conv, uid, delivered, read }) => model.move(conv, uid, delivered, read)),
            );
          else {
            const batches = next.appends.map((batch) => batch.map(toSubmission));
            const answers = await Promise.all(batches.map((batch) => timeline.append(batch)));
            assert.deepEqual(
              answers.flat().map(({ seq, n, repeat }) => ({ seq, n, repeat })),
              batches.flat().map((submission) => model.append(submission)),
            );
          }
        }
        await compare(timeline, model);
        await opened.settle();
        await compare(timeline, model);
        await compare(await opened.reopen(), model);
      } finally {
        await opened.remove();
      }
    });
    await fc.assert(run, { numRuns: 15, interruptAfterTimeLimit: 10_000 });
  });
}

function toSubmission({
  conv,
  from,
  id,
  counts,
  size,
  target,
  replaced,
}: typeof event extends fc.Arbitrary<infer T> ? T : never): Submission {
  return {
    conv,
    from,
    id,
    counts,
    raw: Buffer.from(`{"id":"${id}","x":"${'y'.repeat(size)}"}`),
    ...(target !== undefined && { target }),
    ...(replaced.length > 0 && {
      replaces: replaced.map((seq) => ({ seq, raw: Buffer.from(`{"id":"gone","by":"${id}"}`) })),
    }),
  };
}

async function compare(timeline: Timeline, model: Model): Promise<void> {
  for (const conv of convs) {
    const events = model.of(conv);
    const shown = (stored: readonly { seq: number; n: number; from: string; raw: Uint8Array }[]): object[] =>
      stored.map(({ seq, n, from, raw }) => ({ seq, n, from, raw: Buffer.from(raw).toString() }));
    const expected = events.map(({ seq, n, from, raw }) => ({ seq, n, from, raw }));
    assert.deepEqual(shown(await timeline.range({ conv, after: 0, limit: 1000 })), expected);
    assert.deepEqual(
      shown(await timeline.range({ conv, after: 2, limit: 7, newest: true })),
      expected.slice(2).slice(-7),
    );
    const changed = events.filter(({ target }) => target !== undefined && target >= 2 && target <= 20);
    assert.deepEqual(
      (await timeline.changes(conv, 2, 20)).map(({ seq }) => seq),
      changed.map(({ seq }) => seq),
    );
    const [head] = await timeline.heads([conv]);
    assert.equal(head?.seq ?? 0, events.length);
    assert.equal(head?.n ?? 0, events.at(-1)?.n ?? 0);
    for (const uid of ['a', 'b', 'c']) {
      const cursor = model.cursors.get(`${conv} ${uid}`) ?? { delivered: 0, read: 0, readN: 0 };
      assert.deepEqual(await timeline.cursors([{ conv, uid }]), [{ conv, uid, ...cursor }]);
    }
  }
  for (const uid of ['a', 'b', 'c']) {
    const expected = convs.filter(
      (conv) => conv.startsWith('u:') && conv.split(':').includes(uid, 1) && model.of(conv).length > 0,
    );
    assert.deepEqual((await timeline.directs(uid)).map(({ conv }) => conv).sort(), expected.sort());
  }
}
