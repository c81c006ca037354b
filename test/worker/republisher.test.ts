import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PetrelError } from '../../schemas/errors.ts';
import { openSqliteTimeline } from '../../store/timeline/sqlite/timeline.ts';
import type { Submission, Timeline } from '../../store/timeline.ts';
import { CommitQueue } from '../../worker/commit.ts';
import { Republisher } from '../../worker/republisher.ts';
import { until } from '../support/until.ts';

const conv = 'u:alice:bob';
const submission = (id: string, type = 'text'): Submission => ({
  conv,
  from: 'alice',
  id,
  counts: true,
  raw: Buffer.from(JSON.stringify({ id, type, body: {} })),
});

describe('what is stored already', () => {
  let dir: string;
  let timeline: Timeline;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'petrel-repeats-'));
    timeline = await openSqliteTimeline({ dir });
  });
  after(async () => {
    await timeline.close();
    await rm(dir, { recursive: true });
  });

  it('is published again when its sender asks again', async () => {
    // Whoever stored these died before it told anyone.
    await timeline.append([submission('m-1'), submission('m-2'), submission('r-1', 'recall')]);
    const published: [number, boolean][] = [];
    const publish = ({ seq }: { seq: number }, rewrites: boolean) => void published.push([seq, rewrites]);
    const republisher = new Republisher({
      timeline,
      publish,
      onDropped: assert.fail,
      onError: assert.ifError,
    });
    const commit = new CommitQueue({ timeline, onRepeat: (id, seq) => republisher.repeat(id, seq) });
    commit.onEvent(publish);
    const places = await Promise.all(
      ['r-1', 'm-2', 'm-1', 'm-2', 'm-3'].map((id) => commit.submit(submission(id))),
    );
    assert.deepEqual(
      places.map(({ seq, repeat }) => [seq, repeat]),
      [
        [3, true],
        [2, true],
        [1, true],
        [2, true],
        [4, false],
      ],
    );
    await until('all of them', () => published.length === 4);
    assert.deepEqual(published, [
      [4, false],
      [1, false],
      [2, false],
      [3, true],
    ]);
    await republisher.close();
  });

  it('is read in few steps, each event once, and again while the store is away', async () => {
    const ids = Array.from({ length: 600 }, (_, i) => `n-${i}`);
    const first = (await timeline.append(ids.map((id) => submission(id))))[0]!.seq;
    let reads = 0;
    let isAway = true;
    const published: number[] = [];
    const republisher = new Republisher({
      timeline: {
        events: (places) => {
          reads++;
          if (!isAway) return timeline.events(places);
          isAway = false;
          throw new PetrelError('store.unavailable');
        },
      },
      publish: ({ seq }) => void published.push(seq),
      onDropped: assert.fail,
      onError: assert.ifError,
      retryMs: 1,
    });
    for (let round = 0; round < 20; round++)
      for (const [i] of ids.entries()) republisher.repeat(conv, first + i);
    await until('all of them', () => published.length === ids.length);
    assert.deepEqual(new Set(published), new Set(ids.map((_, i) => first + i)));
    assert.equal(reads, 4);
    await republisher.close();
  });

  it('is told of where more waits than is kept', async () => {
    let dropped = 0;
    const republisher = new Republisher({
      timeline,
      publish: () => {},
      onDropped: () => void dropped++,
      onError: assert.ifError,
      maxWaiting: 10,
    });
    for (let seq = 1; seq <= 15; seq++) republisher.repeat(conv, seq);
    assert.equal(dropped, 5);
    await republisher.close();
  });
});
