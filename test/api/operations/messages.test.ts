import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { doors } from '../doors.ts';
import { type People, startPeople } from '../people.ts';

const ab = 'u:alice:bob';

type Event = Record<string, unknown>;

for (const door of doors) {
  describe(`messages over ${door.name}`, () => {
    let people: People;
    const seqOf = async (uid: string, conv: string, id: string, type?: string, body?: object) => {
      const { data, code } = await people.send(uid, conv, id, type, body);
      assert.equal(code, undefined, `${id}: ${code}`);
      return data.seq as unknown as number;
    };
    const refuses = (uid: string, conv: string, message: object, code: string, status: number) =>
      people.refused(uid, 'messages.send', { conv, id: 'refused', ...message }, code, status);
    const eventAt = async (uid: string, conv: string, seq: number, input: object = {}) => {
      const [event] = await people.events(uid, conv, { after: seq - 1, limit: 1, ...input });
      assert.equal(event?.seq, seq);
      return event!;
    };
    const mentionsOf = async (uid: string, conv: string) =>
      (await people.data(uid, 'conversations.get', { conv })).mentions as unknown as number;

    before(async () => {
      people = await startPeople(door, ['alice', 'bob', 'carol', 'dave']);
    });
    after(() => people.api.stop());

    describe('changes after their time', () => {
      // Its clock goes on, and the timeline's does not: what is sent later is old already.
      const started: People[] = [];
      beforeEach(async () => {
        started.push(people);
        people = await startPeople(door, ['alice', 'bob', 'carol'], {
          auth: { accessTtl: 31_536_000 },
          messages: { editWindow: 60, recallWindow: 120, managerRecallWindow: 3600 },
        });
      });
      afterEach(async () => {
        await people.api.stop();
        people = started.pop()!;
      });

      it('are refused with send.too-late: an edit, then a recall by the sender, then one by managers', async () => {
        const conv = `g:${await people.group('alice', ['bob', 'carol'])}`;
        const [seq, other] = [await seqOf('bob', conv, 'm'), await seqOf('bob', conv, 'm2')];
        const edit = { type: 'edit', body: { target: seq, body: { text: 'new' } } };
        const recall = { type: 'recall', body: { target: seq } };
        people.api.pass(61_000);
        await refuses('bob', conv, edit, 'send.too-late', 403);
        await seqOf('bob', conv, 'react', 'react', { target: seq, emoji: '👍', on: true });
        people.api.pass(60_000);
        await refuses('bob', conv, recall, 'send.too-late', 403);
        await refuses('carol', conv, recall, 'send.not-allowed', 403);
        await seqOf('alice', conv, 'x', 'recall', { target: seq });
        people.api.pass(3_600_000);
        await refuses('alice', conv, { type: 'recall', body: { target: other } }, 'send.too-late', 403);
      });

      it('are answered where they were stored in time and are sent again', async () => {
        const seq = await seqOf('alice', ab, 'm');
        const edit = { target: seq, body: { text: 'in time' } };
        const first = await seqOf('alice', ab, 'e', 'edit', edit);
        const recalled = await seqOf('alice', ab, 'm2');
        const lost = await seqOf('alice', ab, 'e2', 'edit', { target: recalled, body: { text: 'x' } });
        await seqOf('alice', ab, 'x', 'recall', { target: recalled });
        people.api.pass(10_000_000);
        assert.equal(await seqOf('alice', ab, 'e', 'edit', edit), first);
        assert.equal(await seqOf('alice', ab, 'e2', 'edit', { target: recalled, body: {} }), lost);
        await refuses('alice', ab, { type: 'edit', body: edit }, 'send.too-late', 403);
      });
    });

    it('are shown as they are now, or with raw as they were sent', async () => {
      const target = await seqOf('alice', ab, 'm');
      await seqOf('alice', ab, 'e', 'edit', { target, body: { text: 'edited' } });
      const editedAt = async (raw?: unknown) =>
        (await eventAt('alice', ab, target, raw === undefined ? {} : { raw })).edited;
      for (const shown of [undefined, false, 0]) assert.equal(typeof (await editedAt(shown)), 'number');
      for (const raw of [true, 1]) assert.equal(await editedAt(raw), undefined);
    });

    describe('an answer to a message', () => {
      it('names one that its sender may see', async () => {
        const gid = await people.group('alice', ['bob']);
        const conv = `g:${gid}`;
        const seq = await seqOf('alice', conv, 'm');
        const reply = (replyTo: number) => ({ type: 'text', body: { text: 'r' }, replyTo });
        await people.data('bob', 'messages.send', { conv, id: 'r1', ...reply(seq) });
        await people.data('bob', 'messages.send', { conv, id: 'r2', ...reply(seq + 1) });
        await refuses('bob', conv, reply(99), 'target.not-found', 404);
        await refuses('bob', conv, reply(0), 'payload.invalid', 400);
        await people.data('alice', 'groups.members.add', { gid, uids: ['carol'] });
        await refuses('carol', conv, reply(seq), 'target.not-found', 404);
        await refuses('alice', 'u:alice:dave', reply(1), 'target.not-found', 404);
      });
    });

    describe('mentions', () => {
      it('are counted until they are read, for the members that are named', async () => {
        const conv = `g:${await people.group('alice', ['bob', 'carol'])}`;
        const say = (id: string, mentions: string[], from = 'alice') =>
          people.data(from, 'messages.send', { conv, id, type: 'text', body: { text: id }, mentions });
        await say('m1', ['bob', 'bob', 'dave']);
        await say('m2', ['carol']);
        await say('m3', ['@all', 'bob']);
        await say('m4', ['bob'], 'bob');
        await seqOf('alice', conv, 'plain');
        assert.deepEqual(
          [await mentionsOf('bob', conv), await mentionsOf('carol', conv), await mentionsOf('alice', conv)],
          [2, 2, 0],
        );
        const { seq } = await say('m5', ['bob']);
        assert.equal(await mentionsOf('bob', conv), 3);
        await people.data('bob', 'conversations.update', { conv, read: (seq as unknown as number) - 1 });
        assert.equal(await mentionsOf('bob', conv), 1);
        await people.data('bob', 'conversations.update', { conv, read: seq });
        assert.deepEqual([await mentionsOf('bob', conv), await mentionsOf('carol', conv)], [0, 2]);
      });

      it('go with the recall of their message, and are of no concern to those who come later', async () => {
        const gid = await people.group('alice', ['bob'], { history: 'all' });
        const conv = `g:${gid}`;
        const say = (id: string, mentions: string[]) =>
          people.data('alice', 'messages.send', { conv, id, type: 'text', body: { text: id }, mentions });
        await say('m1', ['@all']);
        const { seq } = await say('m2', ['bob']);
        await people.data('alice', 'groups.members.add', { gid, uids: ['carol'] });
        assert.deepEqual([await mentionsOf('bob', conv), await mentionsOf('carol', conv)], [2, 0]);
        await seqOf('alice', conv, 'x', 'recall', { target: seq });
        assert.equal(await mentionsOf('bob', conv), 1);
        const raw = await eventAt('bob', conv, seq as unknown as number, { raw: true });
        assert.equal(raw.mentions, undefined);
      });

      it('of everybody are for owner and admins; of more than a hundred for nobody', async () => {
        const conv = `g:${await people.group('alice', ['bob'])}`;
        const message = (mentions: string[]) => ({ type: 'text', body: { text: 'x' }, mentions });
        await refuses('bob', conv, message(['@all']), 'send.not-allowed', 403);
        await refuses('alice', ab, message(['@all']), 'send.not-allowed', 403);
        for (const mentions of [Array(101).fill('bob'), ['Bob'], ['@everyone'], [7]])
          await refuses('bob', conv, message(mentions), 'payload.invalid', 400);
      });
    });

    describe('pins', () => {
      const pinsOf = async (uid: string, conv: string, input: object = {}) => {
        const { items, next } = await people.data(uid, 'pins', { conv, ...input });
        return { items: items as unknown as Event[], next: next as string | undefined };
      };
      const pin = (uid: string, conv: string, id: string, target: number, on = true) =>
        seqOf(uid, conv, id, 'pin', { target, on });

      it('are listed, the newest first, as history shows them, with who pinned them when', async () => {
        const conv = `g:${await people.group('alice', ['bob'])}`;
        const seqs: number[] = [];
        for (const id of ['m1', 'm2', 'm3']) seqs.push(await seqOf('bob', conv, id));
        const [one, two, three] = seqs as [number, number, number];
        await pin('alice', conv, 'p2', two);
        await pin('alice', conv, 'p1', one);
        await pin('alice', conv, 'p3', three);
        await seqOf('bob', conv, 'e', 'edit', { target: one, body: { text: 'edited' } });
        await seqOf('bob', conv, 'r', 'react', { target: one, emoji: '👍', on: true });
        const { items, next } = await pinsOf('bob', conv);
        assert.deepEqual([items.map(({ seq }) => seq), next], [[three, one, two], undefined]);
        const [, shown] = items;
        assert.deepEqual(shown!.body, { text: 'edited' });
        assert.deepEqual(
          [shown!.pinned, shown!.pinnedBy, shown!.reactionCounts],
          [true, 'alice', { '👍': 1 }],
        );
        const byHistory = await eventAt('bob', conv, one);
        const { pinnedBy: _, pinnedAt, ...rest } = shown!;
        assert.deepEqual(rest, byHistory);
        assert.equal(pinnedAt, (await eventAt('bob', conv, 6)).ts);

        const first = await pinsOf('bob', conv, { limit: 2 });
        assert.deepEqual(
          first.items.map(({ seq }) => seq),
          [three, one],
        );
        const rest2 = await pinsOf('bob', conv, { limit: 2, cursor: first.next });
        assert.deepEqual([rest2.items.map(({ seq }) => seq), rest2.next], [[two], undefined]);
        await people.refused('bob', 'pins', { conv, cursor: 'eHg' }, 'request.invalid', 400);
      });

      it('end when they are taken off, or their message is recalled', async () => {
        const [one, two, three] = [
          await seqOf('alice', ab, 'pin-1'),
          await seqOf('bob', ab, 'pin-2'),
          await seqOf('bob', ab, 'pin-3'),
        ];
        for (const [i, target] of [one, two, three].entries()) await pin('bob', ab, `p-${i}`, target);
        await pin('alice', ab, 'p-off', two, false);
        await pin('alice', ab, 'p-off-2', two, false);
        await seqOf('alice', ab, 'pin-x', 'recall', { target: one });
        const { items } = await pinsOf('alice', ab);
        assert.deepEqual(
          items.map(({ seq }) => seq),
          [three],
        );
        await refuses('bob', ab, { type: 'pin', body: { target: one, on: true } }, 'target.not-found', 404);
      });

      it('are for those in the conversation, from their joining on', async () => {
        const gid = await people.group('alice', ['bob']);
        const conv = `g:${gid}`;
        await pin('alice', conv, 'p1', await seqOf('bob', conv, 'm1'));
        await people.refused('carol', 'pins', { conv }, 'conversation.not-found', 404);
        await refuses('bob', conv, { type: 'pin', body: { target: 2, on: true } }, 'send.not-allowed', 403);
        await people.data('alice', 'groups.members.add', { gid, uids: ['carol'] });
        assert.deepEqual((await pinsOf('carol', conv)).items, []);
        assert.equal((await pinsOf('bob', conv)).items.length, 1);
      });

      it('are a hundred in a conversation at most', async () => {
        const conv = `g:${await people.group('alice', ['bob'])}`;
        const seqs = await Promise.all(Array.from({ length: 101 }, (_, i) => seqOf('bob', conv, `m${i}`)));
        for (const [i, seq] of seqs.slice(0, 100).entries()) await pin('alice', conv, `p${i}`, seq);
        const more = { type: 'pin', body: { target: seqs[100], on: true } };
        await refuses('alice', conv, more, 'pin.full', 409);
        await pin('alice', conv, 'again', seqs[50]!);
        await pin('alice', conv, 'off', seqs[7]!, false);
        await pin('alice', conv, 'p100', seqs[100]!);
      });
    });

    describe('reactions', () => {
      it('are shown with who and how many; on and off again and again is harmless', async () => {
        const seq = await seqOf('alice', ab, 'react-m');
        let n = 0;
        const react = (uid: string, emoji: string, on: boolean) =>
          seqOf(uid, ab, `react-${n++}`, 'react', { target: seq, emoji, on });
        await react('alice', '👍', true);
        await react('alice', '👍', true);
        await react('bob', '👍', true);
        await react('bob', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', true);
        await react('bob', '🎉', true);
        await react('bob', '🎉', false);
        await react('bob', '🎉', false);
        const event = await eventAt('bob', ab, seq);
        assert.deepEqual(event.reactions, { '👍': ['alice', 'bob'], '🏴󠁧󠁢󠁥󠁮󠁧󠁿': ['bob'] });
        assert.deepEqual(event.reactionCounts, { '👍': 2, '🏴󠁧󠁢󠁥󠁮󠁧󠁿': 1 });
        for (const emoji of ['', ' ', 'a b', '\n', '\u0000', '\ud800', 'x'.repeat(33), 7])
          await refuses(
            'alice',
            ab,
            { type: 'react', body: { target: seq, emoji, on: true } },
            'payload.invalid',
            400,
          );
      });
    });

    describe('forwarding', () => {
      const forward = (uid: string, conv: string, input: object) =>
        people.as(uid, 'messages.forward', { conv, ...input });
      const refused = (uid: string, conv: string, input: object, code: string, status: number) =>
        people.refused(uid, 'messages.forward', { conv, id: 'f', ...input }, code, status);

      it('says each message for itself, as it is now, with who wrote it first', async () => {
        const from = `g:${await people.group('alice', ['bob'])}`;
        const one = await seqOf('bob', from, 'm1');
        const two = await seqOf('alice', from, 'm2', 'custom', { kind: 'poll', options: [1, 2] });
        await seqOf('bob', from, 'e', 'edit', { target: one, body: { text: 'edited' } });
        const input = { id: 'fw', from, seqs: [one, two] };
        const { data, status, code } = await forward('alice', 'u:alice:carol', input);
        assert.equal(code, undefined);
        if (status !== undefined) assert.equal(status, 201);
        const items = data.items as unknown as { id: string; seq: number; ts: number }[];
        assert.deepEqual(
          items.map(({ id }) => id),
          ['fw', 'fw.2'],
        );
        const shown = await people.events('carol', 'u:alice:carol');
        const source = await people.events('alice', from);
        const tsOf = (seq: number) => source.find((event) => event.seq === seq)!.ts;
        assert.deepEqual(
          shown.slice(-2).map((event) => [event.from, event.type, event.body, event.forward]),
          [
            ['alice', 'text', { text: 'edited' }, { from: 'bob', ts: tsOf(one) }],
            ['alice', 'custom', { kind: 'poll', options: [1, 2] }, { from: 'alice', ts: tsOf(two) }],
          ],
        );
        assert.deepEqual(
          shown.slice(-2).map(({ seq, ts }) => [seq, ts]),
          items.map(({ seq, ts }) => [seq, ts]),
        );

        const again = await forward('alice', 'u:alice:carol', input);
        assert.deepEqual(again.data, data);
        if (again.status !== undefined) assert.equal(again.status, 200);

        // Passed on once more it still tells who wrote it.
        const on = await forward('carol', 'u:bob:carol', {
          id: 'on',
          from: 'u:alice:carol',
          seqs: [items[0]!.seq],
        });
        assert.equal(on.code, undefined);
        const [last] = (await people.events('bob', 'u:bob:carol')).slice(-1);
        assert.deepEqual([last!.from, last!.forward], ['carol', { from: 'bob', ts: tsOf(one) }]);
      });

      it('puts many in one message when asked', async () => {
        const one = await seqOf('alice', ab, 'fm-1');
        const two = await seqOf('bob', ab, 'fm-2');
        const input = { id: 'merged', from: ab, seqs: [one, two], merged: true, title: 'What we said' };
        const { data } = await forward('alice', 'u:alice:dave', input);
        const [{ seq }] = data.items as unknown as [{ seq: number }];
        const shown = await eventAt('dave', 'u:alice:dave', seq);
        assert.deepEqual([shown.type, shown.forward], ['custom', { count: 2 }]);
        const body = shown.body as { kind: string; title: string; items: Event[] };
        assert.deepEqual([body.kind, body.title], ['forward', 'What we said']);
        assert.deepEqual(
          body.items.map(({ from, type, body: said }) => [from, type, said]),
          [
            ['alice', 'text', { text: 'fm-1' }],
            ['bob', 'text', { text: 'fm-2' }],
          ],
        );
      });

      it('is of messages alone that are there and that the asker may see', async () => {
        const gid = await people.group('alice', ['bob']);
        const from = `g:${gid}`;
        const early = await seqOf('alice', from, 'early');
        await people.data('alice', 'groups.members.add', { gid, uids: ['carol'] });
        const kept = await seqOf('alice', from, 'kept');
        const gone = await seqOf('alice', from, 'gone');
        const recall = await seqOf('alice', from, 'x', 'recall', { target: gone });
        const to = 'u:bob:carol';
        for (const seqs of [[early], [kept, gone], [recall], [1], [999]])
          await refused('carol', to, { from, seqs }, 'target.not-found', 404);
        await refused('dave', 'u:bob:dave', { from, seqs: [kept] }, 'conversation.not-found', 404);
        await refused('carol', ab, { from, seqs: [kept] }, 'conversation.not-found', 404);
        await refused('carol', 'u:carol:nobody', { from, seqs: [kept] }, 'user.not-found', 404);
        const closed = `g:${await people.group('alice')}`;
        await refused('carol', closed, { from, seqs: [kept] }, 'send.not-member', 403);
        for (const seqs of [[], [kept, kept], [kept, early], [0], Array(101).fill(1)])
          await refused('carol', to, { from, seqs }, 'request.invalid', 400);
        await refused('carol', to, { from, seqs: [kept], title: 't' }, 'request.invalid', 400);
        await refused('carol', to, { id: 'i'.repeat(61), from, seqs: [kept] }, 'request.invalid', 400);
        const events = await people.events('carol', to).catch(() => []);
        assert.deepEqual(
          events.filter(({ id }) => id === 'f'),
          [],
        );
      });

      it('cannot be feigned, nor edited into what nobody said', async () => {
        const forged = { type: 'text', body: { text: 'x' }, forward: { from: 'bob', ts: 1 } };
        await refuses('alice', ab, forged, 'payload.invalid', 400);
        const seq = await seqOf('bob', ab, 'said');
        const { data } = await forward('alice', 'u:alice:carol', { id: 'no-edit', from: ab, seqs: [seq] });
        const [{ seq: target }] = data.items as unknown as [{ seq: number }];
        const edit = { type: 'edit', body: { target, body: { text: 'never said' } } };
        await refuses('alice', 'u:alice:carol', edit, 'send.not-allowed', 403);
        await seqOf('alice', 'u:alice:carol', 'no-edit-x', 'recall', { target });
        const raw = await eventAt('carol', 'u:alice:carol', target, { raw: true });
        assert.deepEqual([raw.forward, raw.body, raw.recalled], [undefined, undefined, true]);
      });

      it('of more than fits into one message is too large', async () => {
        const text = 'x'.repeat(100_000);
        const seqs: number[] = [];
        for (const id of ['l1', 'l2', 'l3']) seqs.push(await seqOf('alice', ab, id, 'text', { text }));
        await refused('alice', 'u:alice:carol', { from: ab, seqs, merged: true }, 'send.too-large', 413);
        const single = await forward('alice', 'u:alice:carol', { id: 'large', from: ab, seqs });
        assert.equal(single.code, undefined);
        await refuses(
          'alice',
          ab,
          { type: 'text', body: { text: 'x'.repeat(270_000) } },
          'send.too-large',
          413,
        );
      });
    });

    it('of the server itself can be read, and not be answered', async () => {
      const token = await people.admin();
      const { code } = await people.ask(
        'admin.send',
        { to: 'bob', id: 'hello', type: 'text', body: { text: 'Welcome' } },
        token,
      );
      assert.equal(code, undefined);
      const [event] = await people.events('bob', 'u:bob:system');
      assert.deepEqual([event!.from, event!.body], ['system', { text: 'Welcome' }]);
      await refuses('bob', 'u:bob:system', { type: 'text', body: { text: 'x' } }, 'user.not-found', 404);
    });
  });

  it(`forwarding over ${door.name} counts as many sends as it makes messages`, async () => {
    const people = await startPeople(door, ['alice', 'bob'], {
      limits: { sendPerSecond: 1, sendBurst: 5 },
    });
    for (const id of ['m1', 'm2', 'm3']) assert.equal((await people.send('alice', ab, id)).code, undefined);
    const input = { conv: 'u:alice:alice', id: 'f', from: ab, seqs: [1, 2, 3] };
    await people.refused('alice', 'messages.forward', input, 'send.rate', 429);
    assert.deepEqual(await people.events('alice', 'u:alice:alice'), []);
    await people.api.stop();
  });
}
