import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Event } from '../../../sdk/model/event.ts';
import { Timeline } from '../../../sdk/model/timeline.ts';
import type { Message } from '../../../sdk/types.ts';

const event = (seq: number, from: string, type: string, body: Event['body'] = {}): Event => ({
  ...{ conv: 'g:birds', seq, n: seq, ts: 1000 + seq, from, id: `i${seq}`, type, body },
});
const text = (seq: number, from = 'bob'): Event => event(seq, from, 'text', { text: `t${seq}` });
const range = (from: number, to: number): Event[] =>
  Array.from({ length: to - from + 1 }, (_, i) => text(from + i));
const none = { delivered: 0, read: 0 };
const seqs = (timeline: Timeline): unknown[] => timeline.list.items.map(({ seq }) => seq);

describe('a timeline', () => {
  it('leaves what did not change the same object', () => {
    const timeline = new Timeline('alice', none);
    timeline.prepend(range(5, 9), true);
    const before = timeline.list;
    assert.equal(timeline.list, before);
    timeline.append([event(10, 'bob', 'react', { target: 6, emoji: '👍', on: true }), text(11)]);
    timeline.prepend(range(1, 4), false);
    const after = timeline.list.items;
    for (const message of before.items)
      assert.equal(after.includes(message), message.seq !== 6, `message ${message.seq}`);
    assert.deepEqual(after.find(({ seq }) => seq === 6)?.reactions, { '👍': ['bob'] });
  });

  it('takes nothing that would leave a hole', () => {
    const timeline = new Timeline('alice', none);
    assert.ok(timeline.prepend(range(5, 9), true));
    assert.equal(timeline.append([text(11)]), false);
    assert.equal(timeline.prepend(range(1, 3), false), false);
    assert.ok(timeline.append([text(8), text(9), text(10)]));
    assert.deepEqual(seqs(timeline), [5, 6, 7, 8, 9, 10]);
    const empty = new Timeline('alice', none);
    empty.prepend([], false);
    assert.equal(empty.append([text(4)]), false);
    assert.ok(empty.append([text(1)]));
  });

  it('keeps changes until the page with their message is there', () => {
    const timeline = new Timeline('alice', none);
    timeline.prepend([event(8, 'bob', 'edit', { target: 2, body: { text: 'eight' } })], true);
    timeline.append([event(9, 'bob', 'edit', { target: 2, body: { text: 'nine' } })]);
    timeline.prepend([event(6, 'bob', 'edit', { target: 2, body: { text: 'six' } }), text(7)], true);
    timeline.prepend(range(1, 5), false);
    assert.deepEqual(timeline.at(2)?.body, { text: 'nine' });
    assert.equal(timeline.at(2)?.edited, 1009);
  });

  it('tells how far others have what the user said, never less than before', () => {
    const timeline = new Timeline('alice', none);
    timeline.prepend([text(1, 'alice'), text(2), text(3, 'alice'), text(4, 'alice')], false);
    const states = (): string => timeline.list.items.map(({ state }) => state).join(' ');
    timeline.mark({ delivered: 3 });
    assert.equal(states(), 'delivered sent delivered sent');
    timeline.mark({ read: 1, delivered: 2 });
    assert.equal(states(), 'read sent delivered sent');
    timeline.mark({ read: 4 });
    timeline.mark({ read: 2 });
    assert.equal(states(), 'read sent read read');
    timeline.append([text(5, 'alice')]);
    assert.equal(states(), 'read sent read read sent');
  });

  it('shows what is on its way at the end, until the server gives it back', () => {
    const timeline = new Timeline('alice', none);
    timeline.prepend(range(1, 2), false);
    const waiting: Message = {
      ...{ key: 'alice/i3', conv: 'g:birds', ts: 1, from: 'alice', id: 'i3', type: 'text' },
      ...{ body: { text: 't3' }, state: 'sending' },
    };
    const change = { type: 'edit', from: 'bob', ts: 5, body: { target: 1, body: { text: 'one' } } };
    timeline.setPending({ messages: [waiting], changes: [change] });
    const { items } = timeline.list;
    assert.equal(items.at(-1), waiting);
    assert.deepEqual(items[0]?.body, { text: 'one' });
    timeline.append([text(3, 'alice')]);
    assert.deepEqual(seqs(timeline), [1, 2, 3]);
    assert.equal(timeline.list.items[0], items[0]);
    timeline.setPending({ messages: [], changes: [] });
    assert.deepEqual(timeline.list.items[0]?.body, { text: 't1' });
  });
});
