import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { directConv } from '../../schemas/event.ts';
import { type ChatClient, textMessage } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';
import { until } from '../support/until.ts';

const petrel = new Petrel();
before(() => petrel.start());
after(() => petrel.remove());

/** Waits for a notice of this type that satisfies the test; those before it are passed over. */
const noticeWhere = (
  client: ChatClient,
  type: string,
  wanted: (notice: Record<string, unknown>) => boolean,
) =>
  until(`a ${type} notice`, async () => {
    const notice = await client.notice(type);
    return wanted(notice) ? notice : undefined;
  });

/** Notices of this type that came and that nobody took. */
const noticesOf = (client: ChatClient, type: string): unknown[] =>
  client.inbox
    .flatMap((packet) =>
      packet.cmd === 'publish' && packet.topic.startsWith('n/')
        ? [JSON.parse(packet.payload.toString())]
        : [],
    )
    .filter((notice: { type: string }) => notice.type === type);

describe('what a user changes of a conversation', () => {
  it('is told to all devices of the user, and to nobody else', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const conv = directConv(alice.uid, bob.uid);
    const [phone, laptop, other] = [await alice.connect(), await alice.connect(), await bob.connect()];
    await other.publish(`send/u/${alice.uid}`, textMessage('m-1', 'hi'));
    const changed = await phone.request('conversations.update', { conv, pinned: true, draft: 'ho' });
    assert.equal(changed.ok, true);
    for (const device of [phone, laptop]) {
      const { type, ts, pinnedAt, draftAt, ...rest } = await device.notice('conversation');
      assert.deepEqual([type, rest], ['conversation', { conv, pinned: true, draft: 'ho' }]);
      for (const time of [ts, pinnedAt, draftAt]) assert.equal(typeof time, 'number');
    }
    await other.ping();
    assert.deepEqual(noticesOf(other, 'conversation'), []);
  });

  it('is a mark that reading takes away, by either door', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const conv = directConv(alice.uid, bob.uid);
    const [phone, laptop] = [await alice.connect(), await alice.connect()];
    const from = await bob.connect();
    await from.publish(`send/u/${alice.uid}`, textMessage('m-1', 'hi'));
    await alice.api.patch(`/conversations/${conv}`, { read: 1, markedUnread: true });
    await noticeWhere(laptop, 'conversation', ({ markedUnread }) => markedUnread === true);
    await phone.publish(`read/u/${bob.uid}`, { seq: 1 });
    await noticeWhere(laptop, 'conversation', ({ markedUnread }) => markedUnread === false);
  });

  it('is what a resumed session is not sent again, once it was removed', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const conv = directConv(alice.uid, bob.uid);
    const kept = { clientId: 'phone', clean: false, expiry: 600 };
    const phone = await alice.connect(kept);
    const from = await bob.connect();
    await from.publish(`send/u/${alice.uid}`, textMessage('m-1', 'one'));
    await phone.events(1);
    await phone.disconnect();
    for (const id of ['m-2', 'm-3']) await from.publish(`send/u/${alice.uid}`, textMessage(id, id));
    assert.equal((await alice.api.delete(`/conversations/${conv}`)).status, 204);
    await from.publish(`send/u/${alice.uid}`, textMessage('m-4', 'four'));
    const resumed = await alice.connect(kept);
    assert.equal(resumed.connack.sessionPresent, true);
    assert.deepEqual(
      (await resumed.events(1)).map(({ seq }) => seq),
      [4],
    );
    assert.deepEqual(await resumed.unexpectedEvents(), []);
  });
});

describe('read cursors of one user on many devices', () => {
  it('are the furthest of all, whichever door they came by, and unread follows from them', async () => {
    const total = 20;
    const move = fc.record({
      device: fc.integer({ min: 0, max: 2 }),
      http: fc.boolean(),
      seq: fc.integer({ min: 1, max: total + 10 }),
    });
    const run = fc.asyncProperty(
      fc.array(fc.array(move, { maxLength: 8 }), { maxLength: 4 }),
      async (bursts) => {
        const [alice, bob] = await petrel.users('alice', 'bob');
        const conv = directConv(alice.uid, bob.uid);
        const from = await bob.connect();
        for (let i = 1; i <= total; i++) {
          // Every fourth is a reaction, which counts for nobody.
          const payload =
            i % 4 === 0
              ? { id: `m-${i}`, type: 'react', body: { target: 1, emoji: '👍', on: i % 8 === 0 } }
              : textMessage(`m-${i}`, 'x');
          await from.publish(`send/u/${alice.uid}`, payload);
        }
        const n = (seq: number): number => seq - Math.floor(seq / 4);
        const devices = [await alice.connect(), await alice.connect(), await alice.connect()];
        let read = 0;
        for (const burst of bursts) {
          await Promise.all(
            burst.map(async ({ device, http, seq }) => {
              if (http) {
                const { status } = await alice.api.patch(`/conversations/${conv}`, { read: seq });
                assert.equal(status, 200);
              } else {
                const { reason } = await devices[device]!.publish(`read/u/${bob.uid}`, { seq });
                assert.equal(reason, 0);
              }
            }),
          );
          read = Math.min(total, Math.max(read, ...burst.map(({ seq }) => seq)));
          const { body } = await alice.api.get<{ read: number; unread: number }>(`/conversations/${conv}`);
          assert.deepEqual([body.read, body.unread], [read, n(total) - n(read)]);
        }
        if (read > 0)
          for (const session of [...devices, from]) {
            let last = 0;
            await noticeWhere(session, 'read', ({ seq }) => {
              assert.ok((seq as number) > last);
              last = seq as number;
              return last === read;
            });
          }
        for (const session of [...devices, from]) await session.disconnect();
      },
    );
    await fc.assert(run, { numRuns: 12, interruptAfterTimeLimit: 20_000 });
  });
});

describe('reading in a group', () => {
  it('is told to those whose messages were read', async () => {
    const [alice, bob, carol] = await petrel.users('alice', 'bob', 'carol');
    const gid = await alice.createGroup([bob, carol]);
    const [a, b, c] = [await alice.connect(), await bob.connect(), await carol.connect()];
    await a.publish(`send/g/${gid}`, textMessage('m-1', 'hi'));
    await b.event(`g:${gid}`);
    await b.publish(`read/g/${gid}`, { seq: 2 });
    const { type, ts, ...notice } = await a.notice('read');
    assert.deepEqual(
      [type, typeof ts, notice],
      ['read', 'number', { conv: `g:${gid}`, uid: bob.uid, seq: 2 }],
    );
    await c.ping();
    assert.deepEqual(noticesOf(c, 'read'), []);
  });
});
