import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeBody, decodeCopy, encodeBody, encodeCopy } from '../../../../broker/custom/cluster/codec.ts';
import { Roster } from '../../../../broker/custom/cluster/roster.ts';
import { Transport } from '../../../../broker/custom/cluster/transport.ts';
import { FilterTrie } from '../../../../broker/custom/cluster/trie.ts';
import { TopicPolicy } from '../../../../policy/custom.ts';
import { filterMatches } from '../../../../schemas/topics.ts';
import { RetainedRecords } from '../../../../store/shared-custom/records.ts';
import { openRules } from '../fixture.ts';

const level = fc.constantFrom('', 'a', 'b', '$x', 'é');
const topics = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'));
const filters = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { maxLength: 4 }), fc.boolean())
  .map(([levels, open]) => [...levels, ...(open || levels.length === 0 ? ['#'] : [])].join('/'));

describe('filters in a trie', () => {
  it('match what they match one by one, and are gone when they are taken away', () => {
    fc.assert(
      fc.property(fc.array(filters), fc.array(filters), fc.array(topics), (kept, dropped, names) => {
        const trie = new FilterTrie<string>();
        for (const [i, filter] of kept.entries()) trie.add(filter, `${i} ${filter}`);
        for (const filter of dropped) trie.add(filter, 'dropped');
        for (const filter of dropped) trie.delete(filter, 'dropped');
        for (const name of names) {
          const found: string[] = [];
          trie.match(name, (value) => found.push(value));
          const expected = kept.flatMap((filter, i) =>
            filterMatches(filter, name) ? [`${i} ${filter}`] : [],
          );
          assert.deepEqual(found.sort(), expected.sort());
        }
      }),
    );
  });
});

const bodies = fc.record(
  {
    topic: fc.string({ minLength: 1, unit: 'grapheme' }),
    payload: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    envelope: fc.record(
      {
        qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
        retain: fc.boolean(),
        from: fc.string({ unit: 'grapheme' }),
        at: fc.nat(2 ** 45),
        properties: fc.record(
          {
            contentType: fc.string({ unit: 'grapheme' }),
            correlationData: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
            messageExpiryInterval: fc.nat(2 ** 32 - 1),
            userProperties: fc.array(fc.tuple(fc.string(), fc.string())),
          },
          { requiredKeys: [], noNullPrototype: true },
        ),
      },
      { requiredKeys: ['qos', 'retain', 'from', 'at'], noNullPrototype: true },
    ),
  },
  { noNullPrototype: true },
);

describe('a message between nodes', () => {
  it('is the same on the other side: in a queue, in a frame, retained', async () => {
    const [here, there] = [await Transport.open(), await Transport.open()];
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const bytes = encodeBody(body);
        assert.deepEqual(decodeBody(bytes), body);
        const frame = here.frame(bytes);
        assert.deepEqual(decodeBody(there.body(frame)!), body);
        const stored: Buffer[] = [];
        const records = new RetainedRecords(async function* () {
          yield stored;
        });
        stored.push(Buffer.from(body.topic), records.record(body.topic, body.envelope.qos, bytes));
        const kept: unknown[] = [];
        for await (const one of records.all()) kept.push(decodeBody(one));
        assert.deepEqual(kept, [body]);
      }),
    );
  });

  it('is heard once, however often it comes; what is no frame throws and is followed by others', async () => {
    const transport = await Transport.open();
    const frame = transport.frame(Buffer.from('body'));
    assert.equal(`${transport.body(frame)}`, 'body');
    assert.equal(transport.body(frame), undefined);
    for (const garbage of ['', 'x', '\xc1', '\xc0']) {
      assert.throws(() => transport.body(Buffer.from(garbage, 'latin1')));
    }
    assert.equal(`${transport.body(transport.frame(Buffer.from('next')))}`, 'next');
  });

  it('has a copy for each receiver that a text holds', () => {
    for (const share of [undefined, '$share/g/t']) {
      for (const identifiers of [undefined, [1, 268_435_455]]) {
        const copy = { qos: 2, retain: true, identifiers } as const;
        assert.deepEqual(decodeCopy(encodeCopy(copy, share)), { copy, share });
      }
    }
  });
});

describe('who gets a message of all nodes', () => {
  it('is each session once, with the highest QoS, and one member of each group in turn', () => {
    const roster = new Roster(new TopicPolicy(openRules));
    const add = (session: string, filter: string, qos: 0 | 1 | 2, node?: string): void =>
      roster.apply({ session, filter, row: { subscription: { filter, qos }, ...(node && { node }) } });
    add('a/1', 't/#', 0);
    add('a/1', 't/+', 2);
    add('b/1', 't/#', 0);
    add('c/1', '$share/g/t/+', 1);
    add('d/1', '$share/g/t/+', 1, 'n');
    const envelope = { qos: 1, retain: false, from: 'a/1', at: 0 } as const;
    const first = roster.receivers('t/1', envelope);
    assert.deepEqual(first.receivers, [['a/1', '[1,0,0,0]']]);
    const order = [first, roster.receivers('t/1', envelope)].map(({ groups }) =>
      groups.map((group) => group.map(({ session, queues }) => [session, queues])),
    );
    assert.deepEqual(order, [
      [
        [
          ['c/1', true],
          ['d/1', false],
        ],
      ],
      [
        [
          ['d/1', false],
          ['c/1', true],
        ],
      ],
    ]);
    roster.apply({ session: 'a/1', filter: 't/+' });
    roster.replace([]);
    assert.deepEqual(roster.receivers('t/1', envelope), { receivers: [], groups: [] });
  });
});
