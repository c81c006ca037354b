import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Candidate, FeedItem, Publication, SharedCustom } from '../../../../store/shared-custom.ts';
import { RedisConnection } from '../../../../store/state/redis/client.ts';
import { openRedisCustom } from '../../../../store/state/redis/custom.ts';
import { withReal } from '../../../servers/not-available.ts';
import { findRedis, type RedisServer, startRedis } from '../../../servers/redis.ts';
import { until } from '../../../support/until.ts';

const limits = {
  ...{
    maxQueuedMessages: 3,
    maxQueuedBytes: 100,
    maxQueuedBytesTotal: 2000,
    maxInFlight: 2,
    maxInFlightBytes: 50,
  },
  ...{ maxRetainedMessages: 2, maxRetainedBytes: 100 },
};

const copy = '[1,0,0,0]';
const shareCopy = '[1,0,"$share/g/t",0]';

/** A publication of a body for these sessions. */
const publication = (
  body: string,
  sessions: readonly string[],
  more: Partial<Publication> = {},
): Publication => ({
  frame: Buffer.from(`frame ${body}`),
  bodyBytes: Buffer.byteLength(body),
  weight: 10,
  live: true,
  receivers: sessions.map((session) => [session, copy] as const),
  groups: [],
  ...more,
});

const member = (session: string, more: Partial<Candidate> = {}): Candidate => ({
  ...{ session, filter: '$share/g/t', copy: shareCopy, queues: true, persistent: true },
  ...more,
});

await withReal('redis', findRedis, () =>
  describe('what nodes share of custom topics', () => {
    let redis: RedisServer;
    before(async () => {
      redis = await startRedis();
    });
    after(() => redis.stop());

    interface Shared {
      readonly custom: SharedCustom;
      readonly heard: FeedItem[];
      /** The names of all keys. */
      keys(): Promise<string[]>;
      evals(): Promise<number>;
    }

    async function withShared(use: (shared: Shared) => Promise<void>): Promise<void> {
      const url = await redis.newDatabase();
      const errors: unknown[] = [];
      const onError = (error: unknown) => errors.push(error);
      const custom = await openRedisCustom({ url, limits, now: () => 1000, onError });
      const admin = await RedisConnection.open({ url });
      const heard: FeedItem[] = [];
      custom.onFeed((item) => heard.push(item));
      const keys = async () => ((await admin.command('keys', '*')) as string[]).sort();
      const evals = async () => {
        const stats = String(await admin.command('info', 'commandstats'));
        return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
      };
      try {
        await use({ custom, heard, keys, evals });
        assert.deepEqual(errors, []);
      } finally {
        await Promise.all([custom.close(), admin.close()]);
      }
    }

    const publish = async (custom: SharedCustom, ...batch: Publication[]) => {
      const outcome = await custom.publish(await custom.number(), batch);
      assert.ok(!('stale' in outcome));
      return outcome;
    };
    const bodies = async (custom: SharedCustom, session: string): Promise<string[]> =>
      [...(await custom.claim(session, 'x', 'x:0')).entries]
        .sort((left, right) => left.id - right.id)
        .map(({ body }) => `${body}`);

    it('publishes a batch in order, and tells each node with numbers without holes', () =>
      withShared(async ({ custom, heard }) => {
        await custom.claim('here', 'n', 'n:1');
        const outcomes = await publish(
          custom,
          publication('1', ['here', 'away']),
          publication('2', ['away'], { live: false }),
        );
        assert.deepEqual(outcomes, [
          { number: 1, queued: 2, dropped: 0 },
          { number: 2, queued: 1, dropped: 0 },
        ]);
        await until('the feed', () => heard.length === 2);
        assert.deepEqual(
          heard.map(({ frame, ...others }) => ({ ...others, frame: `${frame}` })),
          [
            { number: 1, live: true, entries: [['here', 1, copy]], frame: 'frame 1' },
            { number: 2, live: false, frame: 'frame 2' },
          ],
        );
        assert.deepEqual(await bodies(custom, 'away'), ['1', '2']);
        assert.deepEqual(await custom.entriesAfter('here', 'n:1', 0), [
          { id: 1, copy, body: Buffer.from('1'), received: false },
        ]);
      }));

    it('keeps a message for very many sessions with one call, and its body once', () =>
      withShared(async ({ custom, keys, evals }) => {
        const sessions = Array.from({ length: 20 }, (_, i) => `s${i}`);
        const before = await evals();
        await publish(custom, publication('x', sessions));
        assert.ok((await evals()) - before <= 1);
        assert.equal((await keys()).filter((name) => name.startsWith('petrel:custom:m:')).length, 1);
      }));

    it('does nothing for a publisher that does not know the newest rows', () =>
      withShared(async ({ custom, heard }) => {
        const subscription = { filter: 't', qos: 1 } as const;
        const number = await custom.changeRows([{ session: 's', filter: 't', row: { subscription } }]);
        assert.deepEqual(await custom.publish(number - 1, [publication('x', ['s'])]), { stale: number });
        assert.deepEqual(await bodies(custom, 's'), []);
        assert.ok(!('stale' in (await custom.publish(number, [publication('x', ['s'])]))));
        await until('the feed', () => heard.length === 2);
        assert.deepEqual(heard[0], { number, rows: [{ session: 's', filter: 't', row: { subscription } }] });
        assert.deepEqual((await custom.rows()).rows, [{ session: 's', filter: 't', row: { subscription } }]);
      }));

    it('drops what a full queue has no room for; an owner may hold what is in flight besides', () =>
      withShared(async ({ custom }) => {
        const five = Array.from({ length: 5 }, (_, i) => publication(`${i}`, ['s']));
        const dropped = async () =>
          (await publish(custom, ...five)).map((one) => typeof one === 'object' && one.dropped);
        assert.deepEqual(await dropped(), [0, 0, 0, 1, 1]);
        await custom.claim('s', 'n', 'n:1');
        assert.deepEqual(await dropped(), [0, 0, 1, 1, 1]);
        assert.deepEqual(await bodies(custom, 's'), ['0', '1', '2', '0', '1']);
        assert.deepEqual(await publish(custom, publication('large', ['t'], { weight: 101 })), [
          { number: 11, queued: 0, dropped: 1 },
        ]);
      }));

    it('lets expired messages make room', () =>
      withShared(async ({ custom }) => {
        await publish(custom, publication('old', ['s'], { expiresAt: 900 }));
        await publish(custom, publication('lasting', ['s'], { expiresAt: 5000 }), publication('a', ['s']));
        await publish(custom, publication('b', ['s']));
        assert.deepEqual(await bodies(custom, 's'), ['lasting', 'a', 'b']);
      }));

    it('refuses what all queues together have no room for, and tells nobody of it', () =>
      withShared(async ({ custom, heard, keys }) => {
        let queued = 0;
        for (;;) {
          const [outcome] = await publish(custom, publication('x', [`s${queued}`], { weight: 50 }));
          if (typeof outcome === 'string') {
            assert.equal(outcome, 'queues-full');
            break;
          }
          queued++;
        }
        assert.equal(typeof (await publish(custom, publication('nobody', [])))[0], 'object');
        await until('the feed', () => heard.length === queued + 1);
        for (let i = 0; i < queued; i++) await custom.forget(`s${i}`);
        assert.equal(typeof (await publish(custom, publication('x', ['s'])))[0], 'object');
        await custom.forget('s');
        assert.deepEqual(
          (await keys()).filter((name) => !/:(number|rows-at|bytes|bodies|nodes)$/.test(name)),
          [],
        );
      }));

    it('writes what an owner says of its entries, and nothing of what another one says', () =>
      withShared(async ({ custom }) => {
        await publish(custom, publication('1', ['s']), publication('2', ['s']), publication('3', ['s']));
        await custom.claim('s', 'n', 'n:1');
        const add = { copy, body: Buffer.from([0, 255]), weight: 1 };
        const entries = [
          { id: 1, remove: true },
          { id: 2, sent: { packetId: 7, place: 1 }, received: true },
          { id: -1, add, sent: { packetId: 8, place: 2 } },
        ] as const;
        assert.deepEqual(await custom.progress('n', [{ session: 's', token: 'n:1', entries }]), []);
        // It may be said again.
        assert.deepEqual(await custom.progress('n', [{ session: 's', token: 'n:1', entries }]), []);
        const { last, entries: kept } = await custom.claim('s', 'm', 'm:1');
        assert.equal(last, 3);
        assert.deepEqual(
          [...kept].sort((left, right) => left.id - right.id),
          [
            { id: -1, copy, body: add.body, received: false, sent: { packetId: 8, place: 2 } },
            { id: 2, copy, body: Buffer.from('2'), received: true, sent: { packetId: 7, place: 1 } },
            { id: 3, copy, body: Buffer.from('3'), received: false },
          ],
        );
        const all = [-1, 2, 3].map((id) => ({ id, remove: true as const }));
        const old = { session: 's', token: 'n:1', entries: all, release: true } as const;
        assert.deepEqual(await custom.progress('n', [old]), ['s']);
        assert.equal(await custom.entriesAfter('s', 'n:1', 0), undefined);
        assert.equal((await custom.entriesAfter('s', 'm:1', -5))?.length, 3);
        assert.equal(await custom.holds('s'), true);
        assert.deepEqual(await custom.progress('m', [{ ...old, token: 'm:1' }]), []);
        assert.equal(await custom.holds('s'), false);
      }));

    it('gives a shared message to the first who is connected and has room, else to one for whom it can wait', () =>
      withShared(async ({ custom, heard }) => {
        const groups = [
          [member('away'), member('kept'), member('live', { persistent: false, queues: false })],
        ];
        const one = publication('x', [], { groups, live: false });
        await publish(custom, one);
        await custom.claim('kept', 'n', 'n:1');
        await publish(custom, one, one, one, one, one, one);
        const waiting = [[member('away'), member('other')]];
        await publish(custom, publication('y', [], { groups: waiting }));
        await until('the feed', () => heard.length === 8);
        assert.deepEqual(
          heard.map(({ chosen, entries }) => chosen?.[0]?.[0] ?? entries?.[0]?.[0]),
          ['live', 'kept', 'kept', 'kept', 'kept', 'kept', 'live', undefined],
        );
        assert.deepEqual(await bodies(custom, 'away'), ['y']);
        const left = await custom.forget('kept');
        assert.deepEqual(
          left.map(({ id, body }) => [id, `${body}`]).sort(),
          [1, 2, 3, 4, 5].map((id) => [id, 'x']),
        );
      }));

    it('keeps retained records to their limits, and removes an expired one alone', () =>
      withShared(async ({ custom }) => {
        const keep = (topic: string, text?: string, more: Partial<Publication> = {}) =>
          publication('x', [], {
            retain: { topic, weight: 10, ...(text !== undefined && { record: Buffer.from(text) }) },
            ...more,
          });
        const all = async () => {
          const found: string[] = [];
          for await (const parts of custom.retained()) found.push(...parts.map(String));
          return found;
        };
        const kinds = (
          await publish(
            custom,
            ...[keep('a', '1'), keep('b', '2', { expiresAt: 900 }), keep('c', '3'), keep('a', '4')],
          )
        ).map((one) => (typeof one === 'string' ? one : 'done'));
        assert.deepEqual(kinds, ['done', 'done', 'retained-full', 'done']);
        assert.deepEqual((await all()).sort(), ['2', '4', 'a', 'b']);
        await custom.expireRetained('a', 1000);
        await custom.expireRetained('b', 1000);
        assert.deepEqual(await all(), ['a', '4']);
        await publish(custom, keep('a'));
        assert.deepEqual(await all(), []);
        const large = { retain: { topic: 'a', weight: 101, record: Buffer.from('5') } };
        assert.deepEqual(await publish(custom, publication('x', [], large)), ['retained-full']);
      }));

    it('takes away what a dead node had, and what only that node may take', () =>
      withShared(async ({ custom, heard }) => {
        await custom.claim('s', 'n', 'n:1');
        const row = (filter: string, node?: string) => ({
          ...{ session: 's', filter },
          row: { subscription: { filter, qos: 1 as const }, ...(node !== undefined && { node }) },
        });
        await custom.changeRows([row('a', 'n'), row('b', 'm'), row('c')]);
        await custom.changeRows([
          { session: 's', filter: 'b', ifNode: 'n' },
          { session: 's', filter: 'c', ifNode: 'n' },
        ]);
        assert.deepEqual([...(await custom.nodes())].sort(), ['m', 'n']);
        await custom.nodeLeft('n');
        assert.deepEqual((await custom.rows()).rows.map(({ filter }) => filter).sort(), ['b', 'c']);
        assert.deepEqual(await custom.nodes(), ['m']);
        assert.equal(await custom.entriesAfter('s', 'n:1', 0), undefined);
        await until('the feed', async () => heard.at(-1)?.number === (await custom.number()));
      }));

    it('gives a will to one node, and tells where another one stands in its place', () =>
      withShared(async ({ custom }) => {
        const will = (token: string) => ({ session: 's', token, record: `{"of":"${token}"}` });
        await custom.keepWill('n', will('n:1'));
        assert.equal(await custom.delayWill('s', 'n:1', 5000), true);
        const taken = await Promise.all(['a', 'b', 'c'].map((node) => custom.takeWill(node, 's', undefined)));
        assert.deepEqual(
          taken.filter((one) => one !== undefined),
          [{ ...will('n:1'), dueAt: 5000 }],
        );
        await custom.keepWill('m', will('m:1'));
        assert.equal(await custom.takeWill('n', 's', 'n:1'), 'replaced');
        assert.equal(await custom.dropWill('s', 'n:1'), false);
        const adopted = await Promise.all(['a', 'b'].map((node) => custom.adoptWills('m', node, 10)));
        assert.deepEqual(adopted.flat(), [will('m:1')]);
        assert.equal(await custom.dropWill('s', 'm:1'), true);
        assert.equal(await custom.takeWill('n', 's', undefined), undefined);
      }));
  }),
);
