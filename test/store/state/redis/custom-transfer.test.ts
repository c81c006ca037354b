import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { CustomRecord } from '../../../../store/custom.ts';
import { decodeRecord } from '../../../../store/shared-custom/codec.ts';
import { RetainedRecords } from '../../../../store/shared-custom/records.ts';
import type { SharedCustom } from '../../../../store/shared-custom.ts';
import { RedisConnection } from '../../../../store/state/redis/client.ts';
import { RedisCustomTransfer } from '../../../../store/state/redis/custom/transfer.ts';
import { openRedisCustom } from '../../../../store/state/redis/custom.ts';
import { openRedisSessions } from '../../../../store/state/redis/sessions.ts';
import { withReal } from '../../../servers/not-available.ts';
import { findRedis, type RedisServer, startRedis } from '../../../servers/redis.ts';
import { collected } from '../../../support/collected.ts';
import { customTransferConformance } from '../../custom-transfer.conformance.ts';

const limits = {
  ...{ maxQueuedMessages: 3, maxQueuedBytes: 1000, maxQueuedBytesTotal: 10_000 },
  ...{ maxInFlight: 0, maxInFlightBytes: 0, maxRetainedMessages: 10, maxRetainedBytes: 1000 },
};
const message = (topic: string, more: Partial<CustomRecord> = {}): CustomRecord => ({
  ...{ topic, payload: Buffer.from('ten bytes!'), qos: 1, retain: false, from: 'a/a', at: 5 },
  ...more,
});

await withReal('redis', findRedis, () => {
  let server: RedisServer;
  before(async () => {
    server = await startRedis();
  });
  after(() => server.stop());

  customTransferConformance('Redis', async () => {
    const redis = await RedisConnection.open({ url: await server.newDatabase() });
    return { custom: new RedisCustomTransfer(redis), remove: () => redis.close() };
  });

  describe('custom topics that were moved to Redis', () => {
    let url: string;
    let redis: RedisConnection;
    let moved: RedisCustomTransfer;
    /** What nodes see. */
    let shared: SharedCustom;
    before(async () => {
      url = await server.newDatabase();
      redis = await RedisConnection.open({ url });
      moved = new RedisCustomTransfer(redis);
      const onError = (error: unknown) => assert.fail(String(error));
      shared = await openRedisCustom({ url, limits, now: () => 1000, onError });
    });
    after(() => Promise.all([shared.close(), redis.close()]));

    const publish = async (session: string) => {
      const { number } = await shared.rows();
      const one = { frame: Buffer.from('body'), bodyBytes: 4, weight: 1, live: false, groups: [] };
      const outcomes = await shared.publish(number, [{ ...one, receivers: [[session, '[1,0,0,0]']] }]);
      assert.ok(Array.isArray(outcomes));
      return outcomes[0];
    };
    const count = async (name: string) => Number((await redis.command('get', `petrel:custom:${name}`)) ?? 0);

    it('wait for their sessions as if nodes had queued them, and count against the limits', async () => {
      const shown = { topic: 't/1', payload: 'ten bytes!' };
      const one = message('t/1');
      const entry = { session: 'a/1', message: one, qos: 1, retain: false, received: false } as const;
      await moved.loadEntries([
        { ...entry, packetId: 7 },
        { ...entry, packetId: 3, received: true, qos: 2 },
        { ...entry, identifiers: [4], share: '$share/g/t/#' },
        { ...entry, session: 'b/1' },
      ]);
      // 13 bytes of the message, 100 for each entry.
      assert.equal(await count('bytes'), 413);
      assert.deepEqual(await publish('a/1'), { number: 1, queued: 0, dropped: 1 });
      assert.deepEqual(await publish('b/1'), { number: 2, queued: 1, dropped: 0 });
      const { last, entries } = await shared.claim('a/1', 'n', 'token');
      assert.equal(last, 3);
      assert.deepEqual(
        entries
          .toSorted((a, b) => a.id - b.id)
          .map(({ body, sent, ...rest }) => {
            const { topic, payload } = decodeRecord(body);
            return { ...rest, packetId: sent?.packetId, topic, payload: `${payload}` };
          }),
        [
          { id: 1, copy: '[1,0,0,0]', received: false, packetId: 7, ...shown },
          { id: 2, copy: '[2,0,0,0]', received: true, packetId: 3, ...shown },
          { id: 3, copy: '[1,0,"$share/g/t/#",[4]]', received: false, packetId: undefined, ...shown },
        ],
      );
      assert.ok(entries.every(({ id, sent }) => sent === undefined || sent.place === id));
      for (const session of ['a/1', 'b/1']) await shared.forget(session);
      assert.equal(await count('bytes'), 0);
      assert.deepEqual(await redis.command('keys', 'petrel:custom:m:*'), []);
    });

    it('make room where they have expired', async () => {
      const properties = JSON.stringify({ messageExpiryInterval: 0 });
      const entry = { session: 'e/1', qos: 1, retain: false, received: false } as const;
      const old = message('t', { properties });
      const asked = [old, message('t'), message('t')].map((one) => ({ ...entry, message: one }));
      await moved.loadEntries(asked);
      assert.equal(((await publish('e/1')) as { queued: number }).queued, 1);
      const { entries } = await shared.claim('e/1', 'n', 'token');
      assert.deepEqual(entries.map(({ id }) => id).sort(), [2, 3, 4]);
      await shared.forget('e/1');
    });

    it('are retained as nodes retain, and expire so', async () => {
      const kept = message('r/1', { retain: true });
      const expiring = message('r/2', { retain: true, properties: '{"messageExpiryInterval":1}' });
      await moved.loadRetained([kept, expiring]);
      await moved.loadRetained([kept]);
      assert.equal(await count('retained-bytes'), 26);
      const read = async () => {
        const records = new RetainedRecords(() => shared.retained());
        return (await collected(records.all())).map((bytes) => decodeRecord(bytes).topic).sort();
      };
      assert.deepEqual(await read(), ['r/1', 'r/2']);
      for (const topic of ['r/1', 'r/2']) await shared.expireRetained(topic, 1_000_000);
      assert.deepEqual(await read(), ['r/1']);
      assert.equal(await count('retained-bytes'), 13);
    });

    it('are known to nodes by their subscriptions', async () => {
      const rows = ['t/#', '$share/g/ä'].map((filter) => {
        return { session: 'a/ö 1', subscription: { filter, qos: 1 as const, scopes: ['device'] } };
      });
      await moved.rows.load(rows);
      await moved.rows.load(rows);
      const known = (await shared.rows()).rows;
      assert.deepEqual(
        known.map(({ session, filter, row }) => [session, filter, row]).sort(),
        rows.map((row) => [row.session, row.subscription.filter, { subscription: row.subscription }]).sort(),
      );
      await shared.changeRows([
        {
          session: 'c/1',
          filter: '$share/g/x',
          row: { subscription: { filter: '$share/g/x', qos: 0 }, node: 'n' },
        },
      ]);
      assert.equal((await collected(moved.rows.all())).flat().length, 2);
    });

    it('are found by those who start where they are a will, or of a session that is no more', async () => {
      const terms = { delaySeconds: 9, scopes: ['s'], properties: '{"contentType":"x"}' };
      await moved.loadWills([
        message('w/1', { from: 'a/1', properties: JSON.stringify({ ...terms, dueAt: 77 }) }),
        message('w/2', { from: 'b/1', properties: JSON.stringify(terms) }),
      ]);
      const left = (await shared.nodes()).filter((node) => node !== 'n');
      assert.equal(left.length, 1);
      const wills = await shared.adoptWills(left[0]!, 'n', 10);
      assert.deepEqual(wills.map(({ session, dueAt }) => [session, dueAt]).sort(), [
        ['a/1', 77],
        ['b/1', undefined],
      ]);
      const entry = { message: message('t'), qos: 1, retain: false, received: false } as const;
      const sessions = await openRedisSessions({
        ...{ redis, owners: { numberOf: () => undefined, refused: () => {} } },
      });
      const session = { uid: 'a', clientId: '1', createdAt: 1, expirySeconds: 9, positions: {} };
      await sessions.put({ ...session, subscriptions: [], silenced: [], disconnectedAt: Date.now() });
      await moved.loadEntries([
        { ...entry, session: 'a/1' },
        { ...entry, session: 'gone/1' },
      ]);
      const expired = (await sessions.expire(Date.now(), 10)).map(({ uid }) => uid);
      assert.ok(expired.includes('gone') && !expired.includes('a'));
    });
  });
});
