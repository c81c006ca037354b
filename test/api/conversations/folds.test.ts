import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Folds } from '../../../api/conversations/folds.ts';
import { eventDocument, type StoredEvent } from '../../../schemas/event.ts';
import { foldEvents } from '../../schemas/fold-events.ts';

const conv = 'g:birds';
const stored = (seq: number, from: string, type: string, body: object): StoredEvent => ({
  conv,
  seq,
  n: seq,
  ts: 1000 + seq,
  from,
  raw: Buffer.from(JSON.stringify({ id: `i${seq}`, type, body })),
});
const targetOf = (event: StoredEvent): number | undefined =>
  (eventDocument(event).body as { target?: number } | undefined)?.target;

/** A conversation that grows, and what was read of its changes. */
class Conversation {
  readonly events: StoredEvent[] = [];
  readonly reads: number[] = [];

  add(from: string, type: string, body: object): number {
    const seq = this.events.length + 1;
    this.events.push(stored(seq, from, type, body));
    return seq;
  }

  range(from: number, to: number): StoredEvent[] {
    return this.events.filter(({ seq }) => seq >= from && seq <= to);
  }

  async changes(_: string, from: number, to: number, after = 0): Promise<StoredEvent[]> {
    const found = this.events.filter((event) => {
      const target = targetOf(event);
      return target !== undefined && target >= from && target <= to && event.seq > after;
    });
    this.reads.push(found.length);
    return found;
  }
}

describe('folds that are kept', () => {
  it('show a message with ten thousand reactions after reading only those that are new', async () => {
    const conversation = new Conversation();
    const folds = new Folds(conversation);
    const target = conversation.add('alice', 'text', { text: 'hi' });
    for (let i = 0; i < 10_000; i++)
      conversation.add(`user-${i}`, 'react', { target, emoji: '👍', on: true });
    const show = async (from: number, to: number) => folds.show(conversation.range(from, to));
    const [first] = await show(1, 50);
    assert.deepEqual(first!.reactionCounts, { '👍': 10_000 });
    conversation.add('user-7', 'react', { target, emoji: '👍', on: false });
    const later = conversation.add('bob', 'text', { text: 'later' });
    conversation.add('user-8', 'react', { target: later, emoji: '🎉', on: true });
    const [again] = await show(1, 50);
    assert.deepEqual(again!.reactionCounts, { '👍': 9999 });
    const shown = await folds.showEach(conversation.range(1, 1).concat(conversation.range(later, later)));
    assert.deepEqual(
      shown.map(({ reactionCounts }) => reactionCounts),
      [{ '👍': 9999 }, { '🎉': 1 }],
    );
    assert.deepEqual(conversation.reads, [10_000, 1, 0, 1]);
  });

  it('show the same as folding at once, whatever is looked at when', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('text') }),
      fc.record({
        kind: fc.constantFrom('edit', 'recall', 'react', 'pin'),
        target: fc.nat(20),
        on: fc.boolean(),
        times: fc.integer({ min: 1, max: 40 }),
      }),
      fc.record({ kind: fc.constant('look'), from: fc.nat(60), length: fc.nat(20) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const conversation = new Conversation();
        const folds = new Folds(conversation);
        const texts: number[] = [];
        for (const step of steps) {
          if ('length' in step) {
            const page = conversation.range(step.from, step.from + step.length);
            const [first, last] = [page[0]?.seq ?? 1, page.at(-1)?.seq ?? 0];
            const expected = foldEvents(page, await conversation.changes(conv, first, last));
            assert.deepEqual(await folds.show(page), expected);
          } else if ('target' in step) {
            const target = texts[step.target % Math.max(1, texts.length)];
            if (target === undefined) continue;
            for (let i = 0; i < step.times; i++) {
              const body = { target, emoji: `e${i % 3}`, on: step.on, body: { text: `edit ${i}` } };
              conversation.add(`user-${i}`, step.kind, body);
            }
          } else texts.push(conversation.add('alice', 'text', { text: 'hi' }));
        }
      }),
      { numRuns: 200 },
    );
  });
});
