import assert from 'node:assert/strict';
import process from 'node:process';
import { after, before, describe, it } from 'node:test';
import { MongoClient } from 'mongodb';
import { openMongoTimeline } from '../../../store/timeline/mongodb/timeline.ts';
import type { Appended, Submission, Timeline } from '../../../store/timeline.ts';
import { findMongo, type MongoServer, startMongo } from '../../servers/mongodb.ts';
import { withReal } from '../../servers/not-available.ts';
import { timelineConformance } from '../timeline.conformance.ts';
import { transferConformance } from '../transfer.conformance.ts';

await withReal('mongodb', findMongo, () =>
  describe('with a real server', () => {
    let server: MongoServer;
    let lastUrl = '';
    before(async () => {
      server = await startMongo();
    });
    after(() => server.stop());

    timelineConformance('MongoDB', async () => {
      const url = server.newDatabase();
      let timeline = await openMongoTimeline({ url });
      return {
        get timeline() {
          return timeline;
        },
        reopen: async () => {
          await timeline.close();
          timeline = await openMongoTimeline({ url });
          return timeline;
        },
        settle: () => Promise.resolve(),
        remove: () => timeline.close(),
      };
    });

    transferConformance('MongoDB', async () => {
      const timeline = await openMongoTimeline({ url: server.newDatabase() });
      return { timeline, remove: () => timeline.close() };
    });

    const message = (conv: string, from: string, id: string, more: Partial<Submission> = {}): Submission => ({
      conv,
      from,
      id,
      counts: true,
      raw: Buffer.from(JSON.stringify({ id, type: 'text', body: { text: `${from} says ${id}` } })),
      ...more,
    });
    /** Several processes on one database. */
    const together = async (count: number, use: (timelines: Timeline[]) => Promise<void>) => {
      const url = server.newDatabase();
      lastUrl = url;
      const timelines = await Promise.all(Array.from({ length: count }, () => openMongoTimeline({ url })));
      try {
        await use(timelines);
      } finally {
        await Promise.all(timelines.map((timeline) => timeline.close()));
      }
    };

    it('gives seqs without holes or repeats to processes that append at the same time', () =>
      together(3, async (timelines) => {
        const convs = ['g:a', 'u:alice:bob'];
        const answers = await Promise.all(
          timelines.flatMap((timeline, t) =>
            Array.from({ length: 10 }, (_, i) =>
              timeline.append(
                convs.flatMap((conv) => [0, 1].map((k) => message(conv, 'alice', `${t}-${i}-${k}`))),
              ),
            ),
          ),
        );
        assert.equal(answers.flat().filter(({ repeat }) => repeat).length, 0);
        for (const conv of convs) {
          const events = await timelines[0]!.range({ conv, after: 0, limit: 1000 });
          assert.deepEqual(
            events.map(({ seq, n }) => [seq, n]),
            Array.from({ length: 60 }, (_, i) => [i + 1, i + 1]),
          );
          for (const [i, { ts }] of events.entries()) assert.ok(ts >= (events[i - 1]?.ts ?? 0));
        }
      }));

    it('stores what several processes are sent at the same time once', () =>
      together(3, async (timelines) => {
        const same = Array.from({ length: 20 }, (_, i) => message('g:a', 'alice', `c-${i}`));
        const answers = await Promise.all(timelines.map((timeline) => timeline.append(same)));
        for (const [i] of same.entries()) {
          assert.equal(new Set(answers.map((places) => places[i]!.seq)).size, 1);
          assert.equal(answers.filter((places) => !places[i]!.repeat).length, 1);
        }
        assert.equal((await timelines[0]!.heads(['g:a']))[0]!.seq, 20);
      }));

    it('holds a replacement from the moment its event is stored, and not without it', () =>
      together(2, async (timelines) => {
        const [one, other] = timelines as [Timeline, Timeline];
        await one.append([message('g:a', 'alice', '1'), message('g:a', 'alice', '2')]);
        const gone = Buffer.from('{"id":"1","type":"text","recalled":true}');
        const recall = message('g:a', 'alice', 'r', {
          counts: false,
          target: 1,
          replaces: [{ seq: 1, raw: gone }],
        });
        // A process that dies between the preparation and the event leaves this.
        const client = await new MongoClient(lastUrl).connect();
        await client
          .db()
          .collection('events')
          .updateOne(
            { conv: 'g:a', seq: 2 },
            { $set: { next: [{ by: 'g:a|x|y', attempt: 'z', raw: gone }], revision: 1 } },
          );
        await client.close();
        await other.append([recall]);
        const [first, second] = await one.range({ conv: 'g:a', after: 0, limit: 10 });
        assert.deepEqual(Buffer.from(first!.raw), gone);
        assert.match(Buffer.from(second!.raw).toString(), /says 2/);
      }));

    it('asks a change what is stored behind others of its target, whoever stored them and whoever is quicker', () =>
      together(2, async (timelines) => {
        const [one, other] = timelines as [Timeline, Timeline];
        const place = (id: string, more: Partial<Submission>) =>
          message('g:a', 'alice', id, { counts: false, target: 1, ...more });
        await one.append([message('g:a', 'alice', '1'), place('before', {})]);
        /** Stores what it was asked with. */
        const asking = (id: string, after: number): Submission =>
          place(id, {
            revision: {
              after,
              revise: (changes) => ({
                raw: Buffer.from(JSON.stringify({ id, saw: changes.map(({ seq }) => seq) })),
                replaces: [{ seq: 1, raw: Buffer.from(`{"id":"${id}"}`) }],
              }),
            },
          });
        // The head that `one` knows is old: its first attempt is refused.
        await other.append([place('a', {}), message('g:a', 'bob', 'b'), place('c', { target: 4 })]);
        const [known] = await one.append([asking('none', 3)]);
        assert.equal(known!.raw, undefined);
        const [first, , second] = await one.append([asking('x', 2), place('y', {}), asking('z', 3)]);
        const stored = await other.range({ conv: 'g:a', after: 0, limit: 10 });
        const texts = stored.map(({ raw }) => Buffer.from(raw).toString());
        assert.equal(texts[first!.seq - 1], '{"id":"x","saw":[3,6]}');
        assert.equal(texts[second!.seq - 1], '{"id":"z","saw":[6,7,8]}');
        assert.deepEqual([first!.raw, second!.raw].map(String), [texts[6], texts[8]]);
        assert.equal(texts[0], '{"id":"z"}');
        const [again] = await other.append([asking('x', 2)]);
        assert.deepEqual([again!.seq, again!.repeat], [first!.seq, true]);
        // Each of two who race is asked with the other, or came before it.
        for (let round = 0; round < 5; round++) {
          const head = (await one.heads(['g:a']))[0]!.seq;
          const places = await Promise.all(
            [one, other].map(
              async (timeline, i) => (await timeline.append([asking(`${round}-${i}`, head)]))[0]!,
            ),
          );
          const [earlier, later] = places.toSorted((a, b) => a.seq - b.seq) as [Appended, Appended];
          assert.equal(earlier.raw, undefined);
          assert.deepEqual(JSON.parse(String(later.raw)).saw, [earlier.seq]);
        }
      }));

    it('says that it is not available while the server does not answer, and goes on by itself', async (t) => {
      const { pid } = server;
      if (pid === undefined) return t.diagnostic('the server is not ours to stop');
      const timeline = await openMongoTimeline({ url: server.newDatabase(), socketTimeoutMs: 1000 });
      const event = message('g:a', 'alice', '1');
      await timeline.append([event]);
      process.kill(pid, 'SIGSTOP');
      try {
        await assert.rejects(timeline.append([message('g:a', 'alice', '2')]), { code: 'store.unavailable' });
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      const [first] = await timeline.append([event]);
      assert.equal(first!.seq, 1);
      const [second] = await timeline.append([message('g:a', 'alice', '2')]);
      assert.equal(second!.seq, 2);
      assert.equal((await timeline.heads(['g:a']))[0]!.seq, 2);
      await timeline.close();
    });
  }),
);
