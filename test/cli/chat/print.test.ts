import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { harmless, lineOf } from '../../../cli/chat/print.ts';
import type { Message } from '../../../sdk/types.ts';

const message = (members: Partial<Message>): Message => ({
  key: 'bob/c-1',
  conv: 'u:alice:bob',
  seq: 7,
  ts: new Date(2026, 4, 1, 9, 5).getTime(),
  from: 'bob',
  id: 'c-1',
  type: 'text',
  body: { text: 'hi' },
  state: 'sent',
  ...members,
});
const line = (members: Partial<Message>) => lineOf(message(members), { withConv: false });

describe('a message in a terminal', () => {
  it('is a line with time, number and sender', () => {
    assert.equal(line({}), '09:05 #7 bob: hi');
    assert.equal(lineOf(message({}), { withConv: true }), '09:05 u:alice:bob #7 bob: hi');
  });

  it('tells what became of it', () => {
    assert.equal(line({ edited: 1 }), '09:05 #7 bob: hi (edited)');
    const { body: _, ...rest } = message({ recalled: true });
    assert.equal(lineOf(rest, { withConv: false }), '09:05 #7 bob: (recalled)');
    assert.equal(line({ replyTo: 3 }), '09:05 #7 bob: (to #3) hi');
  });

  it('names what is no text', () => {
    assert.equal(
      line({ type: 'image', body: { file: 'f-1', name: 'cat.png' } }),
      '09:05 #7 bob: [image] cat.png',
    );
    assert.equal(
      line({ type: 'location', body: { lat: 1, lng: 2 } }),
      '09:05 #7 bob: [location] {"lat":1,"lng":2}',
    );
  });

  it('has nothing that a terminal would act on', () => {
    assert.equal(
      harmless('\u001b]0;title\u0007\u001b[2Jx\r\u009b1m'),
      '\ufffd]0;title\ufffd\ufffd[2Jx\ufffd\ufffd1m',
    );
    assert.equal(harmless('a\u202eb\u2066c'), 'a\ufffdb\ufffdc');
    assert.equal(harmless('one\ntwo'), 'one\n    two');
  });
});
