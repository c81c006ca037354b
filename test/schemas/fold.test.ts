import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { eventDocument, type StoredEvent } from '../../schemas/event.ts';
import { Fold, foldInto, maxReactions, maxReactionUids } from '../../schemas/fold.ts';
import { foldEvents } from './fold-events.ts';

const stored = (seq: number, from: string, type: string, body: object | undefined): StoredEvent => ({
  conv: 'u:alice:bob',
  seq,
  n: seq,
  ts: 1000 + seq,
  from,
  raw: Buffer.from(JSON.stringify({ id: `i${seq}`, type, body })),
});
const text = (seq: number) => stored(seq, 'alice', 'text', { text: `m${seq}` });

const target = fc.integer({ min: 1, max: 3 });
const emojis = ['👍', '🎉', '__proto__'];
const uids = ['alice', 'bob', 'carol'];
const change = fc.oneof(
  fc.record({
    type: fc.constant('edit'),
    body: fc.record({ target, body: fc.record({ text: fc.string() }) }),
  }),
  fc.record({ type: fc.constant('recall'), body: fc.record({ target }) }),
  fc.record({
    type: fc.constant('react'),
    body: fc.record({ target, emoji: fc.constantFrom(...emojis), on: fc.boolean() }),
  }),
  fc.record({ type: fc.constant('pin'), body: fc.record({ target, on: fc.boolean() }) }),
);
const changes = fc
  .array(fc.tuple(change, fc.constantFrom(...uids)), { maxLength: 30 })
  .map((list) => list.map(([{ type, body }, from], i) => stored(4 + i, from, type, body)));
const messages = [text(1), text(2), text(3)];

/** The same events, each shown by its fold. */
const shownBy = (folds: ReadonlyMap<number, Fold>) =>
  messages.map((event) => folds.get(event.seq)!.show(eventDocument(event)));
const newFolds = () => new Map(messages.map(({ seq }) => [seq, new Fold(seq)]));

describe('folding', () => {
  it('leaves events alone that nothing changed', () => {
    const [event] = foldEvents([text(1)], []);
    assert.deepEqual(event!.body, { text: 'm1' });
    assert.deepEqual(Object.keys(event!).sort(), ['body', 'conv', 'from', 'id', 'n', 'seq', 'ts', 'type']);
  });

  it('passes over an edit whose body went with its recalled target', () => {
    const [event] = foldEvents([text(1)], [stored(2, 'alice', 'edit', { target: 1 })]);
    assert.deepEqual([event!.body, event!.edited], [{ text: 'm1' }, undefined]);
  });

  it('comes to what a simple model says: the last edit, no body after a recall, the reactions that stand', () => {
    fc.assert(
      fc.property(changes, (list) => {
        const parsed = list.map((event) => ({ ...event, ...JSON.parse(Buffer.from(event.raw).toString()) }));
        for (const shown of foldEvents(messages, list)) {
          const about = parsed.filter(({ body }) => body.target === shown.seq);
          const of = (type: string) => about.filter((event) => event.type === type);
          if (of('recall').length > 0) {
            assert.deepEqual(
              [shown.recalled, shown.body, shown.edited, shown.pinned, shown.reactions, shown.reactionCounts],
              [true, undefined, undefined, undefined, undefined, undefined],
            );
            continue;
          }
          const edit = of('edit').at(-1);
          assert.deepEqual(shown.body, edit?.body.body ?? { text: `m${shown.seq}` });
          assert.equal(shown.edited, edit?.ts);
          assert.equal(shown.pinned ?? false, of('pin').at(-1)?.body.on ?? false);
          const standing = (emoji: string, uid: string) =>
            of('react').findLast(({ body, from }) => body.emoji === emoji && from === uid)?.body.on ?? false;
          const reactions = new Map(Object.entries((shown.reactions ?? {}) as Record<string, string[]>));
          const counts = new Map(Object.entries((shown.reactionCounts ?? {}) as Record<string, number>));
          for (const emoji of emojis) {
            const who = uids.filter((uid) => standing(emoji, uid));
            assert.deepEqual([...(reactions.get(emoji) ?? [])].sort(), who);
            assert.equal(counts.get(emoji) ?? 0, who.length);
            assert.equal(counts.has(emoji), who.length > 0);
          }
        }
      }),
    );
  });

  it('gives the same for any part of the events', () => {
    fc.assert(
      fc.property(changes, (list) => {
        const whole = foldEvents(messages, list);
        assert.deepEqual(
          messages.flatMap((event) => foldEvents([event], list)),
          whole,
        );
      }),
    );
  });

  it('page by page, with pages that overlap, comes to the same as at once', () => {
    fc.assert(
      fc.property(changes, fc.array(fc.tuple(fc.nat(30), fc.nat(30)), { maxLength: 5 }), (list, cuts) => {
        const folds = newFolds();
        let known = 0;
        for (const [a, b] of cuts) {
          // A page may begin with what is known already, and never leaves a hole.
          const from = Math.min(a, known);
          known = Math.max(known, Math.min(list.length, from + b));
          foldInto(folds, list.slice(from, known));
        }
        foldInto(folds, list);
        assert.deepEqual(shownBy(folds), foldEvents(messages, list));
      }),
    );
  });

  it('repeats harmlessly: a reaction put on twice is one, taken off twice none', () => {
    fc.assert(
      fc.property(changes, (list) => {
        const twice = list.flatMap((one) => [one, one]).map((one, i) => ({ ...one, seq: 4 + i, ts: one.ts }));
        assert.deepEqual(foldEvents(messages, twice), foldEvents(messages, list));
      }),
    );
  });

  it('shows an event whose body is gone as it is, whatever was folded in before', () => {
    const gone = { ...text(1), raw: Buffer.from('{"id":"m","type":"text","recalled":true}') };
    const changes = [
      stored(2, 'alice', 'edit', { target: 1, body: { text: 'edited' } }),
      stored(3, 'bob', 'react', { target: 1, emoji: '👍', on: true }),
    ];
    const [shown] = foldEvents([gone], changes);
    assert.deepEqual(
      [shown!.recalled, shown!.body, shown!.edited, shown!.reactions],
      [true, undefined, undefined, undefined],
    );
  });

  it('never shows a body again after a recall, whatever comes before and behind it', () => {
    fc.assert(
      fc.property(changes, changes, (before, behind) => {
        const recall = stored(0, 'alice', 'recall', { target: 2 });
        const all = [...before, recall, ...behind].map((one, i) => ({ ...one, seq: 4 + i }));
        const shown = foldEvents(messages, all)[1]!;
        assert.deepEqual([shown.recalled, shown.body, shown.edited], [true, undefined, undefined]);
      }),
    );
  });

  it('names the first hundred of those who reacted, and counts them all', () => {
    const reactions = Array.from({ length: 1000 }, (_, i) =>
      stored(2 + i, `user-${i}`, 'react', { target: 1, emoji: i % 10 === 0 ? '🎉' : '👍', on: true }),
    );
    const [event] = foldEvents([text(1)], reactions);
    const named = event!.reactions as Record<string, string[]>;
    assert.deepEqual(event!.reactionCounts, { '🎉': 100, '👍': 900 });
    assert.equal(named['👍']!.length, maxReactionUids);
    assert.deepEqual(named['👍']!.slice(0, 3), ['user-1', 'user-2', 'user-3']);
    const many = Array.from({ length: 200 }, (_, i) =>
      stored(2 + i, 'bob', 'react', { target: 1, emoji: `e${i}`, on: true }),
    );
    const [crowded] = foldEvents([text(1)], many);
    assert.equal(Object.keys(crowded!.reactions as object).length, maxReactions);
  });
});
