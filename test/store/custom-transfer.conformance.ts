import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { CustomRecord } from '../../store/custom.ts';
import type { CustomTransfer, MovedEntry } from '../../store/transfer.ts';
import { collected } from '../support/collected.ts';

export interface OpenCustomTransfer {
  readonly custom: CustomTransfer;
  remove(): Promise<void>;
}

const text = fc.string({ unit: 'grapheme', maxLength: 8 });
const topics = text.map((name) => `t/${name}`);
const sessions = fc.constantFrom('alice/phone', 'alice/ä 1', 'bob/x/y', 'gone/z');
const ownProperties = fc
  .record(
    {
      contentType: text,
      correlationData: fc.base64String(),
      messageExpiryInterval: fc.nat(2 ** 32 - 1),
      userProperties: fc.array(fc.tuple(text, text), { maxLength: 2 }),
    },
    { requiredKeys: [], noNullPrototype: true },
  )
  .map((properties) => JSON.stringify(properties));
const records = fc
  .record({
    topic: topics,
    payload: fc.uint8Array({ maxLength: 20 }),
    qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
    retain: fc.boolean(),
    from: sessions,
    at: fc.nat(2 ** 44),
    properties: fc.option(ownProperties, { nil: undefined }),
  })
  .map(({ properties, ...record }): CustomRecord => {
    return properties === undefined ? record : { ...record, properties };
  });
const wills = fc
  .record({
    message: records,
    from: sessions,
    delaySeconds: fc.nat(2 ** 32 - 1),
    scopes: fc.array(text, { maxLength: 2 }),
    properties: ownProperties,
    dueAt: fc.option(fc.nat(2 ** 44), { nil: undefined }),
  })
  .map(({ message, from, ...terms }): CustomRecord => {
    return { ...message, from, properties: JSON.stringify(terms) };
  });
const queues = fc.array(records, { minLength: 1, maxLength: 3 }).chain((messages) =>
  fc.array(
    fc
      .record({
        session: sessions,
        message: fc.constantFrom(...messages),
        qos: fc.constantFrom(1 as const, 2 as const),
        retain: fc.boolean(),
        identifiers: fc.option(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), {
          nil: undefined,
        }),
        share: fc.option(fc.constantFrom('$share/g/#', '$share/ä b/t/+'), { nil: undefined }),
        packetId: fc.option(fc.integer({ min: 1, max: 0x7fff }), { nil: undefined }),
        received: fc.boolean(),
      })
      .map((entry) => {
        const given = Object.entries(entry).filter(([, value]) => value !== undefined);
        return {
          ...Object.fromEntries(given),
          received: entry.received && entry.packetId !== undefined,
        } as MovedEntry;
      }),
    { maxLength: 12 },
  ),
);

const plain = ({ payload, ...rest }: CustomRecord) => ({
  ...rest,
  payload: Buffer.from(payload).toString('hex'),
});
const inOrder = (list: readonly CustomRecord[]) =>
  list.map((one) => JSON.stringify(plain(one), Object.keys(plain(one)).sort())).sort();
/** The last one of each key stays. */
const latest = (list: readonly CustomRecord[], key: 'topic' | 'from') => [
  ...new Map(list.map((one) => [one[key], one])).values(),
];

/** The entries of each session, in their order, without the ids of the store. */
function bySession(entries: readonly MovedEntry[]): Record<string, unknown[]> {
  const found: Record<string, unknown[]> = {};
  for (const { session, message, ...entry } of entries) {
    const { id: _, ...rest } = entry as typeof entry & { id?: number };
    found[session] ??= [];
    found[session].push({ ...rest, message: plain(message) });
  }
  return found;
}

/** Tests what CustomTransfer's comments say on an implementation. */
export function customTransferConformance(name: string, open: () => Promise<OpenCustomTransfer>): void {
  describe(`${name} as custom topics that are moved`, () => {
    let opened: OpenCustomTransfer;
    before(async () => {
      opened = await open();
    });
    after(() => opened.remove());

    it('gives what was loaded: retained messages by topic, wills by session', () =>
      fc.assert(
        fc.asyncProperty(fc.array(records), fc.array(wills), async (retained, left) => {
          const { custom } = opened;
          await custom.loadRetained(retained);
          await custom.loadWills(left);
          const topics = new Set(retained.map(({ topic }) => topic));
          const senders = new Set(left.map(({ from }) => from));
          const found = await collected(custom.retained());
          assert.deepEqual(
            inOrder(found.filter(({ topic }) => topics.has(topic))),
            inOrder(latest(retained, 'topic')),
          );
          const waiting = await collected(custom.wills());
          assert.deepEqual(
            inOrder(waiting.filter(({ from }) => senders.has(from))),
            inOrder(latest(left, 'from')),
          );
        }),
        { numRuns: 20 },
      ));

    it('gives what sessions have still to acknowledge, those in flight first, behind what was there', () =>
      fc.assert(
        fc.asyncProperty(queues, queues, async (first, second) => {
          const { custom } = opened;
          await custom.loadEntries(first);
          await custom.loadEntries(second);
          const all = [...first, ...second];
          const expected = [
            ...all.filter(({ packetId }) => packetId !== undefined),
            ...all.filter(({ packetId }) => packetId === undefined),
          ];
          assert.deepEqual(bySession(await collected(custom.entries())), bySession(expected));
          await custom.clearEntries();
          assert.deepEqual(await collected(custom.entries()), []);
        }),
        { numRuns: 30 },
      ));
  });
}
