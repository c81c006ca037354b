import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { Notice } from '../../../store/bus.ts';
import { until } from '../../support/until.ts';
import { doors } from '../doors.ts';
import { type People, startPeople } from '../people.ts';

interface Receipts {
  readonly delivered: string[];
  readonly read: string[];
  readonly counts: { members: number; delivered: number; read: number };
  readonly next?: string;
}

const memberCount = 2500;

for (const door of doors) {
  describe(`receipts over ${door.name}`, () => {
    let people: People;
    before(async () => {
      people = await startPeople(door, ['alice', 'bob', 'carol', 'dave']);
    });
    after(() => people.api.stop());

    const receipts = async (uid: string, conv: string, seq: number, more: object = {}) =>
      (await people.data(uid, 'receipts', { conv, seq, ...more })) as unknown as Receipts;
    const read = (uid: string, conv: string, seq: number) =>
      people.data(uid, 'conversations.update', { conv, read: seq });
    const readNotices = (uid: string, conv: string) =>
      people.notices(uid, 'read').filter((one) => (one as Extract<Notice, { seq: number }>).conv === conv);

    it('of a large group come in pages, with the counts of all on each', async () => {
      const { directory, timeline } = people.api;
      const members = Array.from({ length: memberCount }, (_, i) => `m${String(i).padStart(5, '0')}`);
      await directory.ensureUsers(members, 1);
      const conv = `g:${await people.group('alice', [...members, 'carol'])}`;
      await people.send('alice', conv, 'one');
      await people.send('carol', conv, 'two');
      // Every second has it, every fifth has read it; some have read something older only.
      await timeline.moveCursors(
        members.map((uid, i) => ({
          conv,
          uid,
          ...(i % 2 === 0 && { delivered: 2 }),
          ...(i % 5 === 0 ? { read: 2 } : i % 3 === 0 ? { read: 1 } : {}),
        })),
      );
      const delivered = members.filter((_, i) => i % 2 === 0 || i % 5 === 0);
      const hasRead = members.filter((_, i) => i % 5 === 0);
      const counts = { members: memberCount + 1, delivered: delivered.length, read: hasRead.length };
      const found = { delivered: [] as string[], read: [] as string[] };
      let cursor: string | undefined;
      let pages = 0;
      do {
        const page = await receipts('alice', conv, 2, { limit: 400, ...(cursor && { cursor }) });
        assert.deepEqual(page.counts, counts);
        found.delivered.push(...page.delivered);
        found.read.push(...page.read);
        cursor = page.next;
        pages++;
      } while (cursor !== undefined);
      assert.deepEqual(found, { delivered, read: hasRead });
      assert.equal(pages, Math.ceil(delivered.length / 400));
      // A sender is not among those who have their message.
      await read('carol', conv, 3);
      const own = await receipts('alice', conv, 3);
      assert.deepEqual([own.counts.members, own.delivered], [memberCount + 1, []]);
      for (const odd of ['?', Buffer.from('m00001').toString('base64url')])
        await people.refused('alice', 'receipts', { conv, seq: 2, cursor: odd }, 'request.invalid', 400);
    });

    it('count those who came later for what they may see only', async () => {
      const gid = await people.group('alice', ['bob']);
      const conv = `g:${gid}`;
      await people.send('alice', conv, 'one');
      await people.data('alice', 'groups.members.add', { gid, uids: ['carol'] });
      await people.send('alice', conv, 'two');
      assert.equal((await receipts('alice', conv, 2)).counts.members, 1);
      assert.equal((await receipts('alice', conv, 4)).counts.members, 2);
      await people.refused('carol', 'receipts', { conv, seq: 2 }, 'target.not-found', 404);
    });

    it('in a group are told to the senders of what was read', async () => {
      const conv = `g:${await people.group('alice', ['bob', 'carol'])}`;
      await people.send('alice', conv, 'one');
      await people.send('carol', conv, 'two');
      await read('bob', conv, 2);
      await read('bob', conv, 3);
      for (const uid of ['alice', 'carol']) {
        const last = { type: 'read', conv, uid: 'bob', seq: 3 };
        await until(
          'the notice',
          async () => isDeepStrictEqual(readNotices(uid, conv).at(-1), last) || undefined,
        );
      }
      assert.deepEqual(
        readNotices('bob', conv).map((one) => (one as Extract<Notice, { seq: number }>).seq),
        [2, 3],
      );
    });

    it('do not tell of who does not want it, nor tell them of others', async () => {
      const group = `g:${await people.group('alice', ['bob', 'carol', 'dave'])}`;
      const direct = 'u:alice:dave';
      await people.data('dave', 'me.update', { readReceipts: false });
      for (const conv of [group, direct]) {
        const { seq } = (await people.send('alice', conv, 'm')).data as unknown as { seq: number };
        await read('dave', conv, seq);
        if (conv === group) await read('bob', conv, seq);
        const seen = await receipts('alice', conv, seq);
        assert.deepEqual(seen.delivered, conv === group ? ['bob', 'dave'] : ['dave']);
        assert.deepEqual(seen.read, conv === group ? ['bob'] : []);
        assert.deepEqual([seen.counts.delivered, seen.counts.read], conv === group ? [2, 1] : [1, 0]);
        const own = await receipts('dave', conv, seq);
        assert.deepEqual([own.read, own.counts.read], [[], 0]);
        assert.equal(readNotices('dave', conv).length, 1);
      }
      // Bob's reading was told when Dave's would have been.
      await until('the notice', async () => readNotices('alice', group).length > 0 || undefined);
      assert.deepEqual(readNotices('alice', direct), []);
      assert.deepEqual(
        readNotices('alice', group).map((one) => (one as Extract<Notice, { seq: number }>).uid),
        ['bob'],
      );
      assert.deepEqual(
        (await people.data('dave', 'conversations.get', { conv: direct })).unread as unknown as number,
        0,
      );
    });
  });
}
