import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cursor, Timeline } from '../../store/timeline.ts';
import { type KeptEvent, PlaceTaken, type TimelineTransfer } from '../../store/transfer.ts';
import { collected } from '../support/collected.ts';
import { submission } from './timeline.conformance.ts';

export type OpenTransfer = () => Promise<{
  readonly timeline: Timeline & TimelineTransfer;
  remove(): Promise<void>;
}>;

const events = async (from: TimelineTransfer, after?: { conv: string; seq: number }) =>
  (await collected(from.allEvents(after))).flat().map((event) => ({
    ...event,
    raw: Buffer.from(event.raw).toString(),
  }));
const cursors = async (from: TimelineTransfer, after?: { conv: string; uid: string }): Promise<Cursor[]> =>
  (await collected(from.allCursors(after))).flat();

const kept = (conv: string, seq: number, more: Partial<KeptEvent> = {}): KeptEvent => ({
  conv,
  seq,
  n: seq,
  ts: 1_789_000_000_000 + seq,
  from: 'alice',
  id: `m${seq}`,
  raw: Buffer.from(`{"id":"m${seq}"}`),
  ...more,
});

/** Tests what TimelineTransfer's comments say on an implementation. */
export function transferConformance(name: string, open: OpenTransfer): void {
  const withTimelines = async (
    use: (a: Timeline & TimelineTransfer, b: Timeline & TimelineTransfer) => Promise<void>,
  ): Promise<void> => {
    const opened = [await open(), await open()] as const;
    try {
      await use(opened[0].timeline, opened[1].timeline);
    } finally {
      for (const one of opened) await one.remove();
    }
  };

  describe(`${name} as a timeline that is moved`, () => {
    test('gives all it has, by conversation and seq, from the start and from behind any place', () =>
      withTimelines(async (timeline) => {
        const convs = ['u:a:b', 'g:z', 'g:B', 'g:a', 'g:a-b', 'g:a.b', 'u:A:a'];
        for (const i of [1, 2, 3])
          await timeline.append(convs.map((conv) => submission(conv, 'alice', `m${i}`)));
        await timeline.append([submission('g:z', 'bob', 'e', { counts: false, target: 2 })]);
        const all = await events(timeline);
        const places = all.map(({ conv, seq }) => `${conv} ${seq}`);
        const wanted = convs.toSorted().flatMap((conv) => [1, 2, 3].map((seq) => `${conv} ${seq}`));
        wanted.splice(wanted.indexOf('g:z 3') + 1, 0, 'g:z 4');
        assert.deepEqual(places, wanted);
        const edit = all.find(({ conv, seq }) => conv === 'g:z' && seq === 4)!;
        assert.deepEqual(
          { from: edit.from, id: edit.id, target: edit.target, n: edit.n },
          { from: 'bob', id: 'e', target: 2, n: 3 },
        );
        for (const [i, { conv, seq }] of all.entries())
          assert.deepEqual(await events(timeline, { conv, seq }), all.slice(i + 1));
      }));

    test('gives replaced bodies as they are now, large ones too', () =>
      withTimelines(async (timeline) => {
        const large = Buffer.alloc(700_000, 'x');
        await timeline.append([1, 2, 3, 4].map((i) => submission('g:a', 'alice', `${i}`, { raw: large })));
        const raw = Buffer.from('{"id":"2"}');
        await timeline.append([
          submission('g:a', 'alice', 'r', { counts: false, target: 2, replaces: [{ seq: 2, raw }] }),
        ]);
        const all = await events(timeline);
        assert.deepEqual(
          all.map((event) => event.raw.length),
          [large.length, raw.length, large.length, large.length, all[4]!.raw.length],
        );
      }));

    test('gives all cursors, by conversation and user, from behind any of them', () =>
      withTimelines(async (timeline) => {
        const convs = ['g:b', 'g:a'];
        await timeline.append(convs.map((conv) => submission(conv, 'alice', '1')));
        const moves = convs.flatMap((conv) => ['b', 'A', 'a-b'].map((uid) => ({ conv, uid, read: 1 })));
        await timeline.moveCursors([...moves, { conv: 'g:a', uid: 'z', delivered: 1 }]);
        const all = await cursors(timeline);
        assert.deepEqual(
          all.map(({ conv, uid, delivered, read, readN }) => [conv, uid, delivered, read, readN].join(' ')),
          [
            ...['g:a A 0 1 1', 'g:a a-b 0 1 1', 'g:a b 0 1 1', 'g:a z 1 0 0'],
            ...['g:b A 0 1 1', 'g:b a-b 0 1 1', 'g:b b 0 1 1'],
          ],
        );
        for (const [i, { conv, uid }] of all.entries())
          assert.deepEqual(await cursors(timeline, { conv, uid }), all.slice(i + 1));
      }));

    test('takes what another one gave: the same events, changes, heads, directs, and repeats', () =>
      withTimelines(async (from, to) => {
        const convs = ['u:alice:bob', 'g:a', 'u:alice:alice'];
        for (const i of [1, 2, 3, 4])
          await from.append(convs.map((conv) => submission(conv, 'alice', `m${i}`, { counts: i !== 3 })));
        await from.append(
          convs.map((conv) =>
            submission(conv, 'bob', 'r', {
              counts: false,
              target: 2,
              replaces: [{ seq: 2, raw: Buffer.from('{"id":"m2"}') }],
            }),
          ),
        );
        for await (const list of from.allEvents()) await to.load(list);
        assert.deepEqual(await events(to), await events(from));
        assert.deepEqual(await to.heads(convs), await from.heads(convs));
        for (const conv of convs) {
          assert.deepEqual(await to.changes(conv, 1, 9), await from.changes(conv, 1, 9));
          assert.deepEqual(
            await to.range({ conv, after: 0, limit: 9 }),
            await from.range({ conv, after: 0, limit: 9 }),
          );
        }
        const byConv = (list: { conv: string }[]) => list.toSorted((a, b) => (a.conv < b.conv ? -1 : 1));
        for (const uid of ['alice', 'bob'])
          assert.deepEqual(byConv(await to.directs(uid)), byConv(await from.directs(uid)));
        const [repeat] = await to.append([submission('g:a', 'alice', 'm2')]);
        const [before] = await from.append([submission('g:a', 'alice', 'm2')]);
        assert.deepEqual(repeat, before);
        const [next] = await to.append([submission('g:a', 'alice', 'new')]);
        assert.deepEqual([next!.seq, next!.n, next!.repeat], [6, 4, false]);
      }));

    test('passes over events that are at their places', () =>
      withTimelines(async (timeline) => {
        const list = [kept('g:a', 1), kept('g:a', 2, { n: 1 }), kept('g:b', 1)];
        await timeline.load(list.slice(0, 1));
        await timeline.load(list);
        await timeline.load(list);
        assert.deepEqual(
          (await events(timeline)).map(({ conv, seq, n, ts }) => ({ conv, seq, n, ts })),
          list.map(({ conv, seq, n, ts }) => ({ conv, seq, n, ts })),
        );
      }));

    for (const [what, wrong] of [
      ['another event has the place', [kept('g:a', 2, { id: 'other' })]],
      ['the event has another place', [kept('g:a', 3, { id: 'm2' })]],
      ['it would leave a hole', [kept('g:a', 3), kept('g:a', 5)]],
      ['it would leave a hole at the beginning', [kept('g:new', 2)]],
    ] as const)
      test(`refuses an event where ${what}`, () =>
        withTimelines(async (timeline) => {
          await timeline.load([kept('g:a', 1), kept('g:a', 2)]);
          await assert.rejects(timeline.load(wrong), PlaceTaken);
          const { length } = (await events(timeline)).filter(({ conv }) => conv === 'g:new');
          assert.equal(length, 0);
          await timeline.load([kept('g:a', 3)]);
          assert.deepEqual((await timeline.heads(['g:a']))[0]?.seq, 3);
        }));
  });
}
