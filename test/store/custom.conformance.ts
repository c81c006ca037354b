import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { CustomEntry, CustomRecord, CustomStore, KeptEntry } from '../../store/custom.ts';

/** A store to be tested; `reopen` ends it and opens what it left. */
export interface OpenedCustom {
  readonly store: CustomStore;
  reopen(): Promise<CustomStore>;
  remove(): Promise<void>;
}

const record = (topic: string, changes: Partial<CustomRecord> = {}): CustomRecord => ({
  ...{
    topic,
    payload: Buffer.from(`of ${topic}`),
    qos: 1,
    retain: false,
    from: 'alice/phone',
    at: 1_789_000_000_000,
  },
  ...changes,
});

const entry = (session: string, message: CustomRecord, changes: Partial<CustomEntry> = {}): CustomEntry => ({
  ...{ session, message, qos: 1, retain: false },
  ...changes,
});

async function collect<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

/** Payloads as plain buffers, whatever kind of bytes the store answers. */
const plain = (message: CustomRecord): CustomRecord => ({
  ...message,
  payload: Buffer.from(message.payload),
});
const kept = async (store: CustomStore): Promise<KeptEntry[]> =>
  (await collect(store.entries())).map((one) => ({ ...one, message: plain(one.message) }));
const retained = async (store: CustomStore): Promise<CustomRecord[]> =>
  (await collect(store.retained())).map(plain);

/** Tests each guarantee of CustomStore's comments on an implementation. */
export function customConformance(name: string, open: () => Promise<OpenedCustom>): void {
  describe(`${name} as a store of custom topics`, () => {
    const withStore = async (use: (opened: OpenedCustom) => Promise<void>): Promise<void> => {
      const opened = await open();
      try {
        await use(opened);
      } finally {
        await opened.remove();
      }
    };

    test('is empty at first', () =>
      withStore(async ({ store }) => {
        assert.deepEqual(await kept(store), []);
        assert.deepEqual(await retained(store), []);
        await store.written();
      }));

    test('answers entries as they were added', () =>
      withStore(async (opened) => {
        const { store } = opened;
        const full = entry(
          'bob/a "b"/c',
          record('tö/pic', {
            ...{ payload: Buffer.from([0, 255, 1]), qos: 2, retain: true, properties: '{"contentType":"x"}' },
          }),
          { qos: 2, retain: true, identifiers: [1, 268_435_455], share: '$share/s/tö/+', packetId: 7 },
        );
        const bare = entry('carol/c', record('t', { payload: Buffer.alloc(0) }));
        const ids = [store.add(full), store.add(bare)];
        await store.written();
        assert.deepEqual(await kept(await opened.reopen()), [
          { ...full, id: ids[0], received: false },
          { ...bare, id: ids[1], received: false },
        ]);
      }));

    test('stores messages without payload by themselves too', () =>
      withStore(async (opened) => {
        const { store } = opened;
        const empty = entry('carol/c', record('t', { payload: Buffer.alloc(0) }));
        const id = store.add(empty);
        await store.written();
        assert.deepEqual(await kept(await opened.reopen()), [{ ...empty, id, received: false }]);
      }));

    test('gives those in flight in the order of sending, then those that wait in the order of adding', () =>
      withStore(async (opened) => {
        const { store } = opened;
        const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((topic) => store.add(entry('s/s', record(topic))));
        await store.written();
        const e = store.add(entry('s/s', record('e'), { packetId: 9 }));
        store.sent(c!, 4);
        store.sent(b!, 3);
        store.received(c!);
        const found = await kept(await opened.reopen());
        assert.deepEqual(
          found.map(({ id, packetId, received }) => [id, packetId, received]),
          [
            [e, 9, false],
            [c, 4, true],
            [b, 3, false],
            [a, undefined, false],
            [d, undefined, false],
          ],
        );
      }));

    test('stores a message once for all its entries, until the last of them goes', () =>
      withStore(async (opened) => {
        let { store } = opened;
        const message = record('shared');
        const ids = ['a/a', 'b/b', 'c/c'].map((session) => store.add(entry(session, message)));
        await store.written();
        store.remove(ids[0]!);
        store = await opened.reopen();
        let found = await collect(store.entries());
        assert.equal(new Set(found.map((one) => one.message)).size, 1);
        // A message that was found is the same to later entries.
        store.add(entry('d/d', found[0]!.message));
        for (const id of ids) store.remove(id);
        await store.written();
        store = await opened.reopen();
        found = await collect(store.entries());
        assert.deepEqual(
          found.map(({ session, message: { topic } }) => [session, topic]),
          [['d/d', 'shared']],
        );
      }));

    test('passes over what is not there, and what was removed before it was written', () =>
      withStore(async (opened) => {
        const { store } = opened;
        for (const id of [0, 5, 1_000_000]) {
          store.sent(id, 1);
          store.received(id);
          store.remove(id);
        }
        const gone = store.add(entry('s/s', record('gone')));
        const written = store.written();
        store.remove(gone);
        store.remove(gone);
        store.sent(gone, 5);
        await written;
        // Also where it is taken back while another transaction runs.
        store.add(entry('s/s', record('stays')));
        await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
        const back = store.add(entry('s/s', record('back')));
        const meanwhile = store.written();
        store.remove(back);
        await meanwhile;
        await store.written();
        const found = await kept(await opened.reopen());
        assert.deepEqual(
          found.map(({ message }) => message.topic),
          ['stays'],
        );
      }));

    test('keeps the last retained message of each topic', () =>
      withStore(async (opened) => {
        const { store } = opened;
        const last = record('a', { payload: Buffer.from('last'), properties: '{}', retain: true });
        store.retain(record('a', { retain: true }));
        store.retain(record('b', { retain: true }));
        store.retain(last);
        await store.written();
        store.clear('b');
        store.clear('never');
        store.retain(record('c', { retain: true }));
        store.clear('c');
        store.clear('d');
        store.retain(record('d', { retain: true }));
        const again = await opened.reopen();
        assert.deepEqual(await retained(again), [last, record('d', { retain: true })]);
      }));

    test('keeps one will of a session until it is dropped', () =>
      withStore(async (opened) => {
        const { store } = opened;
        const will = record('w', { from: 'bob/b', properties: '{"delay":5}' });
        store.will(record('older', { from: 'bob/b' }));
        store.will(will);
        store.will(record('w', { from: 'carol/c' }));
        store.will(record('w', { from: 'dora/d' }));
        store.dropWill('carol/c');
        store.dropWill('nobody/n');
        await store.written();
        store.dropWill('dora/d');
        const again = await opened.reopen();
        assert.deepEqual((await collect(again.wills())).map(plain), [will]);
      }));

    test('takes large and many messages', () =>
      withStore(async (opened) => {
        const { store } = opened;
        for (let i = 0; i < 9; i++)
          store.add(entry('s/s', record(`${i}`, { payload: Buffer.alloc(1 << 20, i) })));
        for (let i = 9; i < 3000; i++) store.add(entry('s/s', record(`${i}`)));
        await store.written();
        const found = await kept(await opened.reopen());
        assert.deepEqual(
          found.map(({ message }) => message.topic),
          Array.from({ length: 3000 }, (_, i) => `${i}`),
        );
        assert.ok(
          found.slice(0, 9).every(({ message }, i) => Buffer.alloc(1 << 20, i).equals(message.payload)),
        );
      }));

    test('writes what is left when it closes, and rejects with store.unavailable after', () =>
      withStore(async (opened) => {
        const { store } = opened;
        const id = store.add(entry('s/s', record('t')));
        await store.close();
        await assert.rejects(store.written(), { code: 'store.unavailable' });
        await assert.rejects(store.check(), { code: 'store.unavailable' });
        const again = await opened.reopen();
        assert.deepEqual(
          (await kept(again)).map((one) => one.id),
          [id],
        );
        await again.check();
      }));

    test('holds after any calls and restarts what a list would hold', () =>
      withStore(async (opened) => {
        const step = fc.oneof(
          { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), n: fc.nat(5) }) },
          {
            weight: 4,
            arbitrary: fc.record({
              kind: fc.constantFrom('sent' as const, 'received' as const, 'remove' as const),
              n: fc.nat(20),
            }),
          },
          {
            weight: 1,
            arbitrary: fc.record({
              kind: fc.constantFrom('written' as const, 'reopen' as const),
              n: fc.nat(),
            }),
          },
        );
        let store = await opened.reopen();
        await fc.assert(
          fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
            const messages = new Map<number, CustomRecord>();
            const model: { id: number; topic: string; sent: number; packetId: number; received: boolean }[] =
              [];
            let order = 0;
            for (const { kind, n } of steps) {
              const one = model[n % Math.max(1, model.length)];
              if (kind === 'add') {
                const message = messages.get(n) ?? record(`${n}`);
                messages.set(n, message);
                const id = store.add(entry('s/s', message));
                model.push({ id, topic: `${n}`, sent: 0, packetId: 0, received: false });
              } else if (kind === 'written') await store.written();
              else if (kind === 'reopen') {
                store = await opened.reopen();
                for (const { message } of await kept(store)) messages.delete(Number(message.topic));
              } else if (one === undefined) continue;
              else if (kind === 'remove') {
                store.remove(one.id);
                model.splice(model.indexOf(one), 1);
              } else if (kind === 'sent') {
                order++;
                Object.assign(one, { sent: order, packetId: order });
                store.sent(one.id, order);
              } else {
                one.received = true;
                store.received(one.id);
              }
            }
            store = await opened.reopen();
            const place = ({ sent }: { sent: number }): number => (sent === 0 ? 1e9 : sent);
            const expected = [...model].sort((a, b) => place(a) - place(b) || a.id - b.id);
            const found = await kept(store);
            assert.deepEqual(
              found.map(({ id, message, packetId, received }) => [
                id,
                message.topic,
                packetId ?? 0,
                received,
              ]),
              expected.map(({ id, topic, packetId, received }) => [id, topic, packetId, received]),
            );
            for (const { id } of found) store.remove(id);
          }),
          { numRuns: 15 },
        );
      }));
  });
}
