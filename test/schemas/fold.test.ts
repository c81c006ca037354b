import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { StoredEvent } from '../../schemas/event.ts';
import { foldEvents } from '../../schemas/fold.ts';

const stored = (seq: number, from: string, type: string, body: object | undefined): StoredEvent => ({
  conv: 'u:alice:bob',
  seq,
  n: seq,
  ts: 1000 + seq,
  from,
  raw: Buffer.from(JSON.stringify({ id: `i${seq}`, type, body })),
});
const text = (seq: number) => stored(seq, 'alice', 'text', { text: `m${seq}` });

const change = fc.oneof(
  fc.record({
    type: fc.constant('edit'),
    body: fc.record({ target: fc.integer({ min: 1, max: 3 }), body: fc.record({ text: fc.string() }) }),
  }),
  fc.record({ type: fc.constant('recall'), body: fc.record({ target: fc.integer({ min: 1, max: 3 }) }) }),
  fc.record({
    type: fc.constant('react'),
    body: fc.record({
      target: fc.integer({ min: 1, max: 3 }),
      emoji: fc.constantFrom('👍', '🎉', '__proto__'),
      on: fc.boolean(),
    }),
  }),
  fc.record({
    type: fc.constant('pin'),
    body: fc.record({ target: fc.integer({ min: 1, max: 3 }), on: fc.boolean() }),
  }),
);
const changes = fc
  .array(fc.tuple(change, fc.constantFrom('alice', 'bob', 'carol')), { maxLength: 30 })
  .map((list) => list.map(([{ type, body }, from], i) => stored(4 + i, from, type, body)));
const messages = [text(1), text(2), text(3)];

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

  it('shows the last edit, no body after a recall, and the reactions that stand', () => {
    fc.assert(
      fc.property(changes, (list) => {
        const parsed = list.map((event) => ({ ...event, ...JSON.parse(Buffer.from(event.raw).toString()) }));
        for (const shown of foldEvents(messages, list)) {
          const about = parsed.filter(({ body }) => body.target === shown.seq);
          const of = (type: string) => about.filter((event) => event.type === type);
          if (of('recall').length > 0) {
            assert.deepEqual([shown.recalled, shown.body, shown.reactions], [true, undefined, undefined]);
            continue;
          }
          const edit = of('edit').at(-1);
          assert.deepEqual(shown.body, edit?.body.body ?? { text: `m${shown.seq}` });
          assert.equal(shown.edited, edit?.ts);
          assert.equal(shown.pinned ?? false, of('pin').at(-1)?.body.on ?? false);
          const standing = (emoji: string, uid: string) =>
            of('react').findLast(({ body, from }) => body.emoji === emoji && from === uid)?.body.on ?? false;
          const reactions = new Map(Object.entries((shown.reactions ?? {}) as Record<string, string[]>));
          for (const emoji of ['👍', '🎉', '__proto__'])
            for (const uid of ['alice', 'bob', 'carol'])
              assert.equal(reactions.get(emoji)?.includes(uid) ?? false, standing(emoji, uid));
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
});
