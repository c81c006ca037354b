import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { errors, PetrelError } from '../../../schemas/errors.ts';
import { checkOutgoing, parseOutgoing } from '../../../schemas/messages.ts';
import {
  decodeHolders,
  encodeHolders,
  linkOf,
  nodeTopic,
  partitionCount,
  workTopic,
} from '../../../schemas/work.ts';
import { type Answer, decodeAnswers, encodeAnswers } from '../../../worker/remote/answers.ts';
import { UnreadableBatch } from '../../../worker/remote/bytes.ts';
import { decodeWork, encodeWork, sizeOf, type Work } from '../../../worker/remote/work.ts';

const name = (maxLength: number) => fc.stringMatching(new RegExp(`^[a-z0-9:_.-]{1,${maxLength}}$`));
const raw = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const number = fc.integer({ min: 0, max: 0xffffffff });
const seq = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const messageId = name(64);
const route = fc.record({ conv: name(131), from: name(64), asSystem: fc.boolean(), found: fc.boolean() });

const message: fc.Arbitrary<Work> = fc.record({
  kind: fc.constant('message' as const),
  number,
  route,
  outgoing: fc.oneof(
    messageId.map((id) => parseOutgoing(Buffer.from(`{"id":"${id}","type":"text","body":{"text":"hi"}}`))),
    fc
      .record({ id: messageId, text: fc.string({ minLength: 1, unit: 'binary' }), replyTo: seq })
      .map(({ id, text, replyTo }) => checkOutgoing({ id, type: 'text', body: { text }, replyTo })),
    fc
      .record({ id: messageId, target: seq })
      .map(({ id, target }) => checkOutgoing({ id, type: 'recall', body: { target } })),
  ),
});
const submit: fc.Arbitrary<Work> = fc.record({
  kind: fc.constant('submit' as const),
  number,
  submission: fc.record(
    {
      conv: name(131),
      from: name(64),
      id: messageId,
      counts: fc.boolean(),
      raw,
      target: seq,
      replaces: fc.array(fc.record({ seq, raw }), { maxLength: 5 }),
    },
    { requiredKeys: ['conv', 'from', 'id', 'counts', 'raw'] },
  ),
});
const forward: fc.Arbitrary<Work> = fc.record({
  kind: fc.constant('forward' as const),
  number,
  route: fc.record({ conv: name(131), from: name(64) }),
  messages: fc.array(
    fc.record({
      outgoing: fc
        .record({ id: messageId, text: fc.string({ minLength: 1, unit: 'binary' }) })
        .map(({ id, text }) => checkOutgoing({ id, type: 'text', body: { text } })),
      forward: fc.oneof(fc.record({ from: name(64), ts: seq }), fc.record({ count: seq })),
    }),
    { maxLength: 4 },
  ),
});
const work = fc.array(fc.oneof(message, submit, forward), { maxLength: 20 });

const answer: fc.Arbitrary<Answer> = fc.oneof(
  fc.record({
    kind: fc.constant('stored' as const),
    number,
    place: fc.record({ seq, n: fc.nat(), ts: seq, repeat: fc.boolean() }),
  }),
  fc.record({
    kind: fc.constant('forwarded' as const),
    number,
    messages: fc.array(fc.record({ id: messageId, seq, ts: seq, repeat: fc.boolean() }), { maxLength: 5 }),
  }),
  fc.record({
    kind: fc.constant('failed' as const),
    number,
    error: fc
      .record({
        code: fc.constantFrom(...(Object.keys(errors) as (keyof typeof errors)[])),
        text: fc.option(fc.string({ minLength: 1, unit: 'binary' })),
        retryAfterMs: fc.option(fc.nat(), { nil: undefined }),
      })
      .map(
        ({ code, text, retryAfterMs }) =>
          new PetrelError(code, text ?? undefined, { ...(retryAfterMs !== undefined && { retryAfterMs }) }),
      ),
  }),
);

/** The same things, whatever they are written as. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, one: unknown) =>
      one instanceof PetrelError ? [one.code, one.message, one.retryAfterMs] : one,
    ),
  );
/** Without what a worker does not need: what it was parsed to, and flags that are not set. */
const needed = (one: Work): unknown =>
  plain(one.kind === 'message' ? { ...one, outgoing: { ...one.outgoing, document: null } } : one);

describe('batches between nodes', () => {
  it('bring work as it was given', () => {
    fc.assert(
      fc.property(number, name(64), fc.double({ noNaN: true }), work, (link, node, sentAtMs, given) => {
        const size = given.reduce((sum, one) => sum + sizeOf(one), 0);
        const batch = encodeWork({ link, node, sentAtMs, work: given }, size);
        assert.equal(batch.length, 14 + node.length + size);
        assert.equal(linkOf(batch), link);
        const taken = decodeWork(batch);
        assert.deepEqual([taken.link, taken.node, taken.sentAtMs], [link, node, sentAtMs]);
        assert.deepEqual(taken.work.map(needed), given.map(needed));
        for (const [i, one] of taken.work.entries()) {
          const before = given[i]!;
          if (one.kind !== 'message' || before.kind !== 'message') continue;
          const looksInside =
            before.route.asSystem || before.outgoing.type === 'recall' || before.outgoing.document?.replyTo;
          assert.deepEqual(
            plain(one.outgoing.document ?? null),
            plain((looksInside && before.outgoing.document) || null),
          );
        }
      }),
    );
  });

  it('bring answers as they were given', () => {
    fc.assert(
      fc.property(number, number, fc.array(answer, { maxLength: 20 }), (link, creditBytes, answers) => {
        const taken = decodeAnswers(encodeAnswers({ link, creditBytes, answers }));
        assert.deepEqual(plain(taken), plain({ link, creditBytes, answers }));
      }),
    );
  });

  it('are refused, and read no further than they are, where they are broken', () => {
    const unreadable = (error: unknown) => error instanceof UnreadableBatch || error instanceof SyntaxError;
    fc.assert(
      fc.property(work, fc.array(answer), fc.nat(), fc.nat(255), (given, answers, at, byte) => {
        const size = given.reduce((sum, one) => sum + sizeOf(one), 0);
        const batches = [
          encodeWork({ link: 1, node: 'n', sentAtMs: 1, work: given }, size),
          encodeAnswers({ link: 1, creditBytes: 1, answers }),
        ];
        for (const [i, batch] of batches.entries()) {
          const decode = i === 0 ? decodeWork : decodeAnswers;
          const broken = Buffer.from(batch);
          broken[at % broken.length] = byte;
          for (const bytes of [batch.subarray(0, at % batch.length), broken]) {
            try {
              decode(bytes);
            } catch (error) {
              assert.ok(unreadable(error), String(error));
            }
          }
        }
      }),
    );
  });

  it('tell who holds what', () => {
    const holders = Array.from({ length: partitionCount }, (_, partition) => partition * 1000);
    assert.deepEqual(decodeHolders(encodeHolders(holders)), holders);
    assert.equal(decodeHolders(Buffer.from([3, 1])), undefined);
  });

  it('have topics that are read in one way', () => {
    assert.deepEqual(nodeTopic(workTopic(63)), { kind: 'work', partition: 63 });
    assert.deepEqual(nodeTopic('$done/n-1'), { kind: 'done', node: 'n-1' });
    for (const topic of [
      '$work/64',
      '$work/',
      '$work/1/2',
      '$work/+',
      '$done/',
      '$done/#',
      '$done/a/b',
      'work/1',
    ])
      assert.equal(nodeTopic(topic), undefined);
  });
});
