import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { StoredEvent } from '../../schemas/event.ts';
import type { Submission, Timeline } from '../../store/timeline.ts';
import { timelineAgainstModel } from './timeline.model.ts';

/** A timeline to be tested; `reopen` closes it and opens what it left. */
export interface OpenedTimeline {
  readonly timeline: Timeline;
  reopen(): Promise<Timeline>;
  /** Returns when nothing the store does by itself is left to do; the reads after it come from where events stay. */
  settle(): Promise<void>;
  remove(): Promise<void>;
}

export type OpenTimeline = () => Promise<OpenedTimeline>;

/** A submission with defaults. */
export const submission = (
  conv: string,
  from: string,
  id: string,
  more: Partial<Submission> = {},
): Submission => ({
  conv,
  from,
  id,
  counts: true,
  raw: Buffer.from(`{"id":"${id}","type":"text","body":{"text":"${from} says ${id} é"}}`),
  ...more,
});

const change = (
  conv: string,
  from: string,
  id: string,
  target: number,
  more: Partial<Submission> = {},
): Submission => submission(conv, from, id, { counts: false, target, ...more });

const seqs = (events: readonly StoredEvent[]): number[] => events.map(({ seq }) => seq);
const text = (raw: Uint8Array): string => Buffer.from(raw).toString();

const count = (n: number, from = 1): number[] => Array.from({ length: n }, (_, i) => from + i);

/** Tests each guarantee of Timeline's comments on an implementation. */
export function timelineConformance(name: string, open: OpenTimeline): void {
  describe(`${name} as a timeline`, () => {
    const withTimeline = async (use: (opened: OpenedTimeline) => Promise<void>): Promise<void> => {
      const opened = await open();
      try {
        await use(opened);
      } finally {
        await opened.remove();
      }
    };
    /** Runs the checks on what was just written, on what has settled, and on what another opening finds. */
    const everywhere = async (opened: OpenedTimeline, check: (timeline: Timeline) => Promise<void>) => {
      await check(opened.timeline);
      await opened.settle();
      await check(opened.timeline);
      await check(await opened.reopen());
    };

    describe('append', () => {
      test('answers in the order of the batch, and an empty batch with nothing', () =>
        withTimeline(async ({ timeline }) => {
          const batch = ['g:a', 'g:b', 'g:a', 'g:a', 'g:b'].map((conv, i) =>
            submission(conv, 'alice', `m${i}`),
          );
          const answers = await timeline.append(batch);
          assert.deepEqual(seqs(answers as never), [1, 1, 2, 3, 2]);
          assert.deepEqual(await timeline.append([]), []);
        }));

      test('gives the seqs of a conversation in the order of the calls, which may overlap', () =>
        withTimeline(async ({ timeline }) => {
          const calls = count(40).map((i) =>
            timeline.append([submission('u:alice:bob', 'alice', `a${i}`), submission('g:x', 'bob', `b${i}`)]),
          );
          const answers = await Promise.all(calls);
          assert.deepEqual(
            answers.map(([a, b]) => [a!.seq, b!.seq]),
            count(40).map((i) => [i, i]),
          );
        }));

      test('counts in n what counts, and lets ts never decrease', () =>
        withTimeline(async (opened) => {
          const { timeline } = opened;
          await timeline.append([
            submission('g:a', 'alice', '1'),
            submission('g:a', 'system', '2', { counts: false }),
          ]);
          await opened.settle();
          await timeline.append([change('g:a', 'alice', '3', 1), submission('g:a', 'bob', '4')]);
          await everywhere(opened, async (store) => {
            const events = await store.range({ conv: 'g:a', after: 0, limit: 10 });
            assert.deepEqual(seqs(events), [1, 2, 3, 4]);
            assert.deepEqual(
              events.map(({ n }) => n),
              [1, 1, 1, 2],
            );
            for (const [i, { ts }] of events.entries())
              assert.ok(ts > 1_700_000_000_000 && ts >= (events[i - 1]?.ts ?? 0));
          });
        }));

      test('stores events as they were submitted', () =>
        withTimeline(async (opened) => {
          const long = Buffer.from(`{"id":"long","text":"${'ü'.repeat(100_000)}"}`);
          const conv = `u:${'a'.repeat(64)}:${'b'.repeat(64)}`;
          await opened.timeline.append([
            submission(conv, 'a'.repeat(64), 'i'.repeat(64)),
            submission(conv, 'b'.repeat(64), 'long', { raw: long }),
            submission(conv, 'b'.repeat(64), 'x', { raw: Buffer.from('{"id":"x"}') }),
          ]);
          await everywhere(opened, async (store) => {
            const [first, second, third] = await store.range({ conv, after: 0, limit: 3 });
            assert.equal(first?.conv, conv);
            assert.equal(first?.from, 'a'.repeat(64));
            assert.equal(text(first!.raw), text(submission(conv, 'a'.repeat(64), 'i'.repeat(64)).raw));
            assert.equal(text(second!.raw), text(long));
            assert.equal(third?.from, 'b'.repeat(64));
            assert.equal(text(third!.raw), '{"id":"x"}');
          });
        }));

      test('copies raw before it returns', () =>
        withTimeline(async ({ timeline }) => {
          const raw = Buffer.from('{"id":"1"}');
          const appended = timeline.append([submission('g:a', 'alice', '1', { raw })]);
          raw.fill(0);
          await appended;
          const [event] = await timeline.range({ conv: 'g:a', after: 0, limit: 1 });
          assert.equal(text(event!.raw), '{"id":"1"}');
        }));
    });

    describe('once', () => {
      test('answers a repeat with the first one’s place, in one batch, later, and after an opening', () =>
        withTimeline(async (opened) => {
          const event = submission('u:alice:bob', 'alice', 'c-1');
          const [first, same] = await opened.timeline.append([
            event,
            event,
            submission('u:alice:bob', 'alice', 'c-2'),
          ]);
          assert.equal(first!.repeat, false);
          assert.deepEqual(same, { ...first, repeat: true });
          await everywhere(opened, async (store) => {
            const [again, other] = await store.append([
              { ...event, raw: Buffer.from('{"id":"c-1","type":"other"}') },
              submission('u:alice:bob', 'alice', 'c-2'),
            ]);
            assert.deepEqual(again, { ...first, repeat: true });
            assert.equal(other!.seq, 2);
            const events = await store.range({ conv: 'u:alice:bob', after: 0, limit: 10 });
            assert.deepEqual(seqs(events), [1, 2]);
            assert.equal(text(events[0]!.raw), text(event.raw));
          });
        }));

      test('tells senders, conversations and ids apart', () =>
        withTimeline(async (opened) => {
          const keys = [
            ['g:a', 'ab', 'c'],
            ['g:a', 'a', 'bc'],
            ['g:a', 'a', 'b'],
            ['g:b', 'ab', 'c'],
            ['u:a:b', 'a', 'bc'],
            ['u:a:b', 'b', 'bc'],
          ] as const;
          const batch = keys.map(([conv, from, id]) => submission(conv, from, id));
          assert.ok((await opened.timeline.append(batch)).every(({ repeat }) => !repeat));
          await everywhere(opened, async (store) =>
            assert.ok((await store.append(batch)).every(({ repeat }) => repeat)),
          );
        }));

      test('stores an event once whoever sends it at the same time', () =>
        withTimeline(async ({ timeline }) => {
          const calls = count(20).map(() => timeline.append([submission('g:a', 'alice', 'same')]));
          const answers = (await Promise.all(calls)).flat();
          assert.equal(answers.filter(({ repeat }) => !repeat).length, 1);
          assert.ok(answers.every(({ seq }) => seq === 1));
        }));

      test('finds the repeats of a long conversation', () =>
        withTimeline(async (opened) => {
          const all = count(3000).map((i) => submission('g:long', `user${i % 7}`, `id-${i}`));
          for (let i = 0; i < all.length; i += 150) {
            await opened.timeline.append(all.slice(i, i + 150));
            if (i % 450 === 0) await opened.settle();
          }
          await everywhere(opened, async (store) => {
            const answers = await store.append(all);
            assert.deepEqual(seqs(answers as never), count(3000));
            assert.ok(answers.every(({ repeat }) => repeat));
          });
          const [next] = await (await opened.reopen()).append([submission('g:long', 'user1', 'new')]);
          assert.equal(next!.seq, 3001);
        }));
    });

    describe('replaces', () => {
      const raw = Buffer.from('{"id":"gone"}');

      test('replaces raws of the same batch and of earlier ones, and nothing else of them', () =>
        withTimeline(async (opened) => {
          const { timeline } = opened;
          await timeline.append(count(150).map((i) => submission('g:a', 'alice', `m${i}`)));
          await opened.settle();
          await timeline.append([submission('g:a', 'bob', 'x'), submission('g:a', 'bob', 'y')]);
          await timeline.append([
            submission('g:a', 'bob', 'z'),
            change('g:a', 'alice', 'r', 70, { replaces: [70, 1, 151, 153].map((seq) => ({ seq, raw })) }),
          ]);
          await timeline.append([change('g:a', 'alice', 'r2', 71, { replaces: [{ seq: 71, raw }] })]);
          await everywhere(opened, async (store) => {
            const events = await store.range({ conv: 'g:a', after: 0, limit: 1000 });
            assert.deepEqual(seqs(events), count(155));
            const replaced = events.filter((event) => text(event.raw) === text(raw));
            assert.deepEqual(seqs(replaced), [1, 70, 71, 151, 153]);
            assert.equal(replaced[3]!.from, 'bob');
            const [again] = await store.append([submission('g:a', 'alice', 'm70')]);
            assert.equal(again!.seq, 70);
            assert.equal(again!.repeat, true);
          });
        }));

      test('a repeat replaces nothing, and a seq that does not exist is passed over', () =>
        withTimeline(async (opened) => {
          await opened.timeline.append([submission('g:a', 'alice', '1'), submission('g:a', 'alice', '2')]);
          await opened.timeline.append([submission('g:a', 'alice', '1', { replaces: [{ seq: 2, raw }] })]);
          await opened.timeline.append([change('g:a', 'alice', '3', 1, { replaces: [{ seq: 99, raw }] })]);
          await everywhere(opened, async (store) => {
            const events = await store.range({ conv: 'g:a', after: 0, limit: 10 });
            assert.deepEqual(seqs(events), [1, 2, 3]);
            assert.ok(events.every((event) => text(event.raw) !== text(raw)));
          });
        }));

      test('the last of several replacements holds', () =>
        withTimeline(async (opened) => {
          const { timeline } = opened;
          await timeline.append([submission('g:a', 'alice', '1')]);
          for (const id of ['e1', 'e2', 'e3']) {
            const replaces = [{ seq: 1, raw: Buffer.from(`{"id":"1","by":"${id}"}`) }];
            await timeline.append([change('g:a', 'alice', id, 1, { replaces })]);
            if (id === 'e2') await opened.settle();
          }
          await everywhere(opened, async (store) => {
            const [event] = await store.range({ conv: 'g:a', after: 0, limit: 1 });
            assert.equal(text(event!.raw), '{"id":"1","by":"e3"}');
          });
        }));
    });

    describe('range', () => {
      test('gives the events between after and before, from either end, at most limit', () =>
        withTimeline(async (opened) => {
          for (const part of [count(100), count(90, 101), count(10, 191)]) {
            await opened.timeline.append(part.map((i) => submission('g:a', 'alice', `m${i}`)));
            if (part.length > 10) await opened.settle();
          }
          await everywhere(opened, async (store) => {
            const read = async (range: object): Promise<number[]> =>
              seqs(await store.range({ conv: 'g:a', after: 0, limit: 1000, ...range }));
            assert.deepEqual(await read({}), count(200));
            assert.deepEqual(await read({ limit: 3 }), [1, 2, 3]);
            assert.deepEqual(await read({ limit: 3, newest: true }), [198, 199, 200]);
            assert.deepEqual(await read({ limit: 5, before: 103, newest: true }), count(5, 98));
            assert.deepEqual(await read({ after: 98, before: 104, limit: 3 }), [99, 100, 101]);
            assert.deepEqual(await read({ after: 98, before: 104, limit: 3, newest: true }), [101, 102, 103]);
            assert.deepEqual(await read({ after: 185, before: 195 }), count(9, 186));
            assert.deepEqual(await read({ after: 200 }), []);
            assert.deepEqual(await read({ after: 50, before: 51 }), []);
            assert.deepEqual(await read({ after: 60, before: 51 }), []);
            assert.deepEqual(await read({ before: 5000, after: 198 }), [199, 200]);
            assert.deepEqual(await read({ conv: 'g:nothing' }), []);
          });
        }));
    });

    describe('events', () => {
      test('gives those at the places, in their order, as they are now, and tells where there is none', () =>
        withTimeline(async (opened) => {
          const { timeline } = opened;
          await timeline.append(count(100).map((i) => submission('g:a', 'alice', `m${i}`)));
          await opened.settle();
          await timeline.append([submission('g:b', 'bob', '1'), submission('u:alice:bob', 'bob', '2')]);
          const raw = Buffer.from('{"id":"gone"}');
          await timeline.append([change('g:a', 'alice', 'r', 7, { replaces: [{ seq: 7, raw }] })]);
          const places = [
            ['u:alice:bob', 1],
            ['g:a', 7],
            ['g:a', 102],
            ['g:none', 1],
            ['g:a', 101],
            ['g:a', 7],
            ['g:b', 0],
            ['g:b', 1],
          ] as const;
          await everywhere(opened, async (store) => {
            assert.deepEqual(await store.events([]), []);
            const found = await store.events(places.map(([conv, seq]) => ({ conv, seq })));
            assert.deepEqual(
              found.map((event) => event && [event.conv, event.seq, event.n, event.from]),
              [
                ['u:alice:bob', 1, 1, 'bob'],
                ['g:a', 7, 7, 'alice'],
                undefined,
                undefined,
                ['g:a', 101, 100, 'alice'],
                ['g:a', 7, 7, 'alice'],
                undefined,
                ['g:b', 1, 1, 'bob'],
              ],
            );
            assert.deepEqual([text(found[1]!.raw), text(found[5]!.raw)], [text(raw), text(raw)]);
            const [same] = await store.range({ conv: 'g:a', after: 100, limit: 1 });
            assert.deepEqual(found[4], same);
          });
        }));
    });

    describe('changes', () => {
      test('gives changes that are far apart and side by side, from memory and from tables', () =>
        withTimeline(async (opened) => {
          const { timeline } = opened;
          await timeline.append([submission('g:a', 'alice', 'm')]);
          const wanted: number[] = [];
          for (const [round, others] of [0, 3, 80, 1, 200].entries()) {
            await timeline.append(count(others).map((i) => submission('g:a', 'alice', `m${round}-${i}`)));
            const changes = ['bob', 'carol', 'dave'].map((uid) => change('g:a', uid, `r${round}`, 1));
            wanted.push(...(await timeline.append(changes)).map(({ seq }) => seq));
            if (round === 2) await opened.settle();
          }
          await everywhere(opened, async (store) => {
            const found = await store.changes('g:a', 1, 1);
            assert.deepEqual(seqs(found), wanted);
            assert.deepEqual(new Set(found.map(({ from }) => from)), new Set(['bob', 'carol', 'dave']));
            assert.deepEqual(seqs(await store.changes('g:a', 1, 1, wanted[4])), wanted.slice(5));
          });
        }));

      test('gives the changes whose target is in the range, in seq order', () =>
        withTimeline(async (opened) => {
          const { timeline } = opened;
          await timeline.append(count(5).map((i) => submission('g:a', 'alice', `m${i}`)));
          await timeline.append([change('g:a', 'bob', 'r1', 4), change('g:a', 'bob', 'r2', 2)]);
          await opened.settle();
          await timeline.append([
            submission('g:a', 'bob', 'm'),
            change('g:a', 'bob', 'r3', 3),
            change('g:b', 'b', 'r', 2),
          ]);
          await everywhere(opened, async (store) => {
            assert.deepEqual(seqs(await store.changes('g:a', 2, 4)), [6, 7, 9]);
            assert.deepEqual(seqs(await store.changes('g:a', 2, 2)), [7]);
            assert.deepEqual(seqs(await store.changes('g:a', 3, 3)), [9]);
            assert.deepEqual(seqs(await store.changes('g:a', 2, 4, 6)), [7, 9]);
            assert.deepEqual(seqs(await store.changes('g:a', 2, 4, 9)), []);
            assert.deepEqual(seqs(await store.changes('g:a', 5, 100)), []);
            assert.deepEqual(seqs(await store.changes('g:nothing', 1, 9)), []);
            const [event] = await store.changes('g:a', 4, 4);
            assert.equal(event!.from, 'bob');
            assert.equal(text(event!.raw), text(change('g:a', 'bob', 'r1', 4).raw));
          });
        }));
    });

    describe('heads and directs', () => {
      test('heads are those of the newest events, in the order asked', () =>
        withTimeline(async (opened) => {
          await opened.timeline.append([submission('g:a', 'alice', '1'), submission('g:b', 'alice', '1')]);
          await opened.settle();
          const [a2] = await opened.timeline.append([submission('g:a', 'alice', '2', { counts: false })]);
          await everywhere(opened, async (store) => {
            const [none, b, a] = await store.heads(['g:none', 'g:b', 'g:a']);
            assert.equal(none, undefined);
            assert.equal(b?.seq, 1);
            assert.deepEqual(a, { seq: 2, n: 1, ts: a2!.ts });
          });
        }));

      test('directs are the direct conversations with the user in them', () =>
        withTimeline(async (opened) => {
          await opened.timeline.append([
            submission('u:alice:bob', 'alice', '1'),
            submission('u:alice:alice', 'alice', '1'),
            submission('u:bob:carol', 'bob', '1'),
            submission('g:alice', 'alice', '1'),
          ]);
          await opened.settle();
          await opened.timeline.append([
            submission('u:alice:bob', 'bob', '2'),
            submission('u:alice:zoe', 'zoe', '1'),
          ]);
          await everywhere(opened, async (store) => {
            const directs = async (uid: string): Promise<string[]> =>
              (await store.directs(uid)).map(({ conv, head }) => `${conv} ${head.seq} ${head.n}`).sort();
            assert.deepEqual(await directs('alice'), [
              'u:alice:alice 1 1',
              'u:alice:bob 2 2',
              'u:alice:zoe 1 1',
            ]);
            assert.deepEqual(await directs('carol'), ['u:bob:carol 1 1']);
            assert.deepEqual(await directs('al'), []);
          });
        }));
    });

    describe('cursors', () => {
      const conv = 'u:alice:bob';

      test('move on, never back and never beyond the head, and know n at read', () =>
        withTimeline(async (opened) => {
          const { timeline } = opened;
          await timeline.append(
            [1, 2, 3, 4].map((i) => submission(conv, 'alice', `${i}`, { counts: i !== 2 })),
          );
          const [delivered] = await timeline.moveCursors([{ conv, uid: 'bob', delivered: 3 }]);
          assert.deepEqual(delivered, { conv, uid: 'bob', delivered: 3, read: 0, readN: 0 });
          await opened.settle();
          const moved = await timeline.moveCursors([
            { conv, uid: 'bob', read: 3 },
            { conv, uid: 'bob', delivered: 1, read: 1 },
            { conv, uid: 'alice', delivered: 99, read: 2 },
            { conv: 'g:nothing', uid: 'alice', read: 5 },
          ]);
          const bob = { conv, uid: 'bob', delivered: 3, read: 3, readN: 2 };
          const alice = { conv, uid: 'alice', delivered: 4, read: 2, readN: 1 };
          const nothing = { conv: 'g:nothing', uid: 'alice', delivered: 0, read: 0, readN: 0 };
          assert.deepEqual(moved, [bob, bob, alice, nothing]);
          await everywhere(opened, async (store) => {
            const keys = [nothing, alice, bob, { conv, uid: 'carol' }];
            const zero = { conv, uid: 'carol', delivered: 0, read: 0, readN: 0 };
            assert.deepEqual(await store.cursors(keys), [nothing, alice, bob, zero]);
            assert.deepEqual(await store.moveCursors([{ conv, uid: 'bob', read: 1 }]), [bob]);
          });
          await (await opened.reopen()).append([submission(conv, 'bob', '5')]);
          const [last] = await (await opened.reopen()).moveCursors([{ conv, uid: 'alice', read: 5 }]);
          assert.deepEqual(last, { conv, uid: 'alice', delivered: 4, read: 5, readN: 4 });
        }));

      test('of a conversation come by uid, in pages', () =>
        withTimeline(async (opened) => {
          const { timeline } = opened;
          await timeline.append([submission('g:a', 'alice', '1'), submission('g:b', 'alice', '1')]);
          const uids = count(30).map((i) => `user${String(i).padStart(2, '0')}`);
          await timeline.moveCursors(
            uids.filter((_, i) => i % 2 === 0).map((uid) => ({ conv: 'g:a', uid, read: 1 })),
          );
          await opened.settle();
          await timeline.moveCursors(uids.map((uid) => ({ conv: 'g:a', uid, delivered: 1 })));
          await timeline.moveCursors([{ conv: 'g:b', uid: 'user00', read: 1 }]);
          await everywhere(opened, async (store) => {
            const page = async (after: string, limit: number): Promise<string[]> =>
              (await store.cursorsOf('g:a', after, limit)).map(({ uid, delivered }) => `${uid} ${delivered}`);
            assert.deepEqual(
              await page('', 1000),
              uids.map((uid) => `${uid} 1`),
            );
            assert.deepEqual(await page('', 3), ['user01 1', 'user02 1', 'user03 1']);
            assert.deepEqual(await page('user03', 2), ['user04 1', 'user05 1']);
            assert.deepEqual(await page('user30', 2), []);
            assert.deepEqual(await store.cursorsOf('g:none', '', 10), []);
          });
        }));
    });

    test('check resolves while the store can append; a closed store rejects with store.unavailable', () =>
      withTimeline(async ({ timeline }) => {
        await timeline.check();
        const last = timeline.append([submission('g:a', 'alice', '1')]);
        await timeline.close();
        assert.equal((await last)[0]!.seq, 1);
        const refused = { code: 'store.unavailable' };
        await assert.rejects(timeline.check(), refused);
        await assert.rejects(timeline.append([submission('g:a', 'alice', '2')]), refused);
        await assert.rejects(timeline.range({ conv: 'g:a', after: 0, limit: 1 }), refused);
      }));

    timelineAgainstModel(open);
  });
}
