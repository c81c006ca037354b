import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { load } from './load.ts';

interface Message {
  readonly key: string;
  readonly seq?: number;
  readonly ts: number;
  readonly from: string;
  readonly type: string;
  readonly replyTo?: number;
}

interface Row {
  readonly message: Message;
  readonly isNewDay: boolean;
  readonly isFirstUnread: boolean;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  readonly quoted: Message | undefined;
}

interface Rows {
  readonly rows: readonly Row[];
}

const { rowsOf, noRows, indexOfSeq } = await load<{
  rowsOf: (items: readonly Message[], unreadAfter: number | undefined, me: string, before: Rows) => Rows;
  noRows: () => Rows;
  indexOfSeq: (items: readonly Message[], seq: number) => number;
}>('rows.ts');

const minuteMs = 60_000;
const noon = new Date(2026, 4, 5, 12).getTime();

/** Messages of three people, with pauses, days and answers; the first has the seq after `from`. */
const talk = fc
  .array(
    fc.record({
      from: fc.constantFrom('me', 'ann', 'bob'),
      pauseMs: fc.constantFrom(1000, 2 * minuteMs, 6 * minuteMs, 13 * 60 * minuteMs),
      type: fc.constantFrom('text', 'text', 'text', 'member'),
      back: fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined }),
    }),
    { maxLength: 40 },
  )
  .map((parts) => {
    let ts = noon;
    return parts.map(({ from, pauseMs, type, back }, i): Message => {
      ts += pauseMs;
      const seq = i + 1;
      const replyTo = back !== undefined && back < seq ? seq - back : undefined;
      return { key: `${from}/${i}`, seq, ts, from, type, ...(replyTo !== undefined && { replyTo }) };
    });
  });

const plain = (messages: readonly Message[], unreadAfter?: number): readonly Row[] =>
  rowsOf(messages, unreadAfter, 'me', noRows()).rows;

describe('the rows of the log', () => {
  it('made step by step are those made at once', () => {
    const steps = fc.array(
      fc.record({
        from: fc.nat(40),
        to: fc.nat(40),
        changed: fc.nat(40),
        unreadAfter: fc.option(fc.nat(40), { nil: undefined }),
      }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(talk, steps, (messages, windows) => {
        let made = noRows();
        let current = messages;
        for (const { from, to, changed, unreadAfter } of windows) {
          current = current.map((message, i) => (i === changed ? { ...message } : message));
          const items = current.slice(Math.min(from, to), Math.max(from, to));
          made = rowsOf(items, unreadAfter, 'me', made);
          assert.deepEqual(made.rows, plain(items, unreadAfter));
        }
      }),
    );
  });

  it('are the same objects where nothing changed for them', () => {
    fc.assert(
      fc.property(talk, fc.nat(40), (messages, start) => {
        const before = rowsOf(messages.slice(start), undefined, 'me', noRows());
        const after = rowsOf(messages, undefined, 'me', before);
        const kept = before.rows.slice(1).filter(({ message }) => message.replyTo === undefined);
        const all = new Set(after.rows);
        assert.ok(kept.every((row) => all.has(row)));
      }),
    );
  });

  it('say where what one person says in a row begins and ends', () => {
    const at = (minutes: number, from: string): Message => ({
      key: `${from}/${minutes}`,
      seq: minutes + 1,
      ts: noon + minutes * minuteMs,
      from,
      type: 'text',
    });
    const rows = plain([at(0, 'ann'), at(1, 'ann'), at(2, 'bob'), at(30, 'bob')]);
    assert.deepEqual(
      rows.map(({ isFirst, isLast }) => [isFirst, isLast]),
      [
        [true, false],
        [false, true],
        [true, true],
        [true, true],
      ],
    );
    assert.deepEqual(
      rows.map(({ isNewDay }) => isNewDay),
      [true, false, false, false],
    );
  });

  it('have the line above the first unread message of somebody else', () => {
    fc.assert(
      fc.property(talk, fc.nat(40), (messages, read) => {
        const unread = messages.find(
          ({ seq, from, type }) => seq! > read && from !== 'me' && type === 'text',
        );
        const lines = plain(messages, read).filter(({ isFirstUnread }) => isFirstUnread);
        assert.deepEqual(
          lines.map(({ message }) => message),
          unread === undefined ? [] : [unread],
        );
      }),
    );
  });

  it('are found by their seq, those that have none aside', () => {
    const items: Message[] = [3, 4, 7, undefined].map((seq, i) => ({
      key: `${i}`,
      ts: i,
      from: 'me',
      type: 'text',
      ...(seq !== undefined && { seq }),
    }));
    assert.deepEqual(
      [2, 3, 4, 5, 7, 8].map((seq) => indexOfSeq(items, seq)),
      [-1, 0, 1, -1, 2, -1],
    );
  });
});
