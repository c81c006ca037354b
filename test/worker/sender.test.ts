import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { PetrelError } from '../../schemas/errors.ts';
import { checkOutgoing } from '../../schemas/messages.ts';
import type { DirectoryMarks } from '../../store/directory.ts';
import { Turns } from '../../worker/turns.ts';
import { type SenderFixture, startSender } from './fixture.ts';

const group = 'g:birds';
const code = (expected: string) => (error: unknown) =>
  error instanceof PetrelError && error.code === expected;
const text = (id: string, more: object = {}) => ({ id, type: 'text', body: { text: id }, ...more });

describe('edits and recalls that race', () => {
  let fixture: SenderFixture;
  before(async () => {
    fixture = await startSender();
  });
  after(() => fixture.end());

  it('leave no body in the stored events, whoever is first', async () => {
    const { sender } = fixture;
    for (let round = 0; round < 20; round++) {
      const secret = `secret-${round}`;
      const { seq } = await sender.send({
        conv: group,
        from: 'bob',
        payload: text(`m-${round}`, { body: { text: secret } }),
      });
      const edit = (i: number) =>
        sender.send({
          conv: group,
          from: 'bob',
          payload: {
            id: `e-${round}-${i}`,
            type: 'edit',
            body: { target: seq, body: { text: `${secret} ${i}` } },
          },
        });
      const recall = (from: string) =>
        sender.send({
          conv: group,
          from,
          payload: { id: `x-${round}`, type: 'recall', body: { target: seq } },
        });
      const work = [edit(1), edit(2), edit(3), recall('bob'), edit(4), recall('alice'), edit(5), edit(6)];
      const results = await Promise.allSettled(round % 2 === 0 ? work : work.toReversed());
      assert.deepEqual([results[3]!.status, results[4]!.status].includes('fulfilled'), true);
      for (const result of results)
        if (result.status === 'rejected') assert.ok(code('target.not-found')(result.reason));
      const events = await fixture.raw(group);
      assert.ok(!JSON.stringify(events).includes('secret'), JSON.stringify(events.slice(-9)));
      assert.equal(events.find((event) => event.seq === seq)?.recalled, true);
    }
  });

  it('are one after the other for one message, and side by side for many', async () => {
    const turns = new Turns();
    const order: string[] = [];
    const work = async (key: string, name: string) => {
      const end = await turns.take(key);
      order.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      order.push(`${name} ends`);
      end();
      end();
    };
    await Promise.all([work('a', 'a1'), work('a', 'a2'), work('b', 'b1'), work('a', 'a3')]);
    const of = (key: string) => order.filter((line) => line.startsWith(key));
    assert.deepEqual(
      of('a'),
      ['a1', 'a2', 'a3'].flatMap((name) => [`${name} begins`, `${name} ends`]),
    );
    assert.ok(order.indexOf('b1 begins') < order.indexOf('a1 ends'));
    assert.equal(turns.size, 0);
  });
});

describe('marks of what was sent', () => {
  /** A directory that is away after the commit, as many times as told. */
  const failing = (times: { left: number }) => (marks: DirectoryMarks) => {
    const fail =
      <A extends unknown[], R>(method: (...args: A) => Promise<R>) =>
      (...args: A): Promise<R> => {
        if (times.left === 0) return method(...args);
        times.left--;
        return Promise.reject(new Error('the process ends here'));
      };
    return {
      ...marks,
      addMentions: fail(marks.addMentions),
      setPin: fail(marks.setPin),
      removePin: fail(marks.removePin),
      removeMarks: fail(marks.removeMarks),
    };
  };
  const mentions = async ({ directory }: SenderFixture, uid: string) =>
    (await directory.countMentions(uid, [{ conv: group, n: 0 }]))[0];
  const pinned = async ({ directory }: SenderFixture) =>
    (await directory.pins(group, Number.MAX_SAFE_INTEGER, 100)).map(({ seq, change, by }) => [
      seq,
      change,
      by,
    ]);

  it('are there when the sender hears of it, and go with a recall', async () => {
    const fixture = await startSender();
    const { sender } = fixture;
    const send = (from: string, payload: object) => sender.send({ conv: group, from, payload });
    const { seq } = await send('alice', text('m', { mentions: ['bob', 'nobody', 'alice'] }));
    assert.deepEqual([await mentions(fixture, 'bob'), await mentions(fixture, 'alice')], [1, 0]);
    const pin = await send('alice', { id: 'p', type: 'pin', body: { target: seq, on: true } });
    assert.deepEqual(await pinned(fixture), [[seq, pin.seq, 'alice']]);
    await send('alice', { id: 'x', type: 'recall', body: { target: seq } });
    assert.deepEqual([await mentions(fixture, 'bob'), await pinned(fixture)], [0, []]);
    await fixture.end();
  });

  it('that a crash left out after the commit are completed by the repeat, from what is stored', async () => {
    const times = { left: 0 };
    const fixture = await startSender({ marks: failing(times) });
    /** Is stored, but its marks are not; then it is sent again to a new process. */
    const crashing = async (from: string, payload: object) => {
      times.left = 1;
      await assert.rejects(fixture.sender.send({ conv: group, from, payload }), code('store.unavailable'));
      return () => fixture.restarted().send({ conv: group, from, payload });
    };
    const again = await crashing('alice', text('m', { mentions: ['bob'] }));
    assert.equal(await mentions(fixture, 'bob'), 0);
    const { seq, repeat } = await again();
    assert.equal(repeat, true);
    assert.equal(await mentions(fixture, 'bob'), 1);
    assert.equal(
      (
        await fixture
          .restarted()
          .send({ conv: group, from: 'alice', payload: text('m', { mentions: ['carol'] }) })
      ).repeat,
      true,
    );
    assert.deepEqual([await mentions(fixture, 'bob'), await mentions(fixture, 'carol')], [1, 0]);

    const pin = { id: 'p', type: 'pin', body: { target: seq, on: true } };
    const pinAgain = await crashing('alice', pin);
    assert.deepEqual(await pinned(fixture), []);
    const place = await pinAgain();
    assert.deepEqual(await pinned(fixture), [[seq, place.seq, 'alice']]);

    const unpinAgain = await crashing('alice', { id: 'u', type: 'pin', body: { target: seq, on: false } });
    assert.equal((await pinned(fixture)).length, 1);
    await unpinAgain();
    assert.deepEqual(await pinned(fixture), []);
    await pinAgain();
    assert.deepEqual(await pinned(fixture), [], 'the repeat of a pin that was taken off pins nothing');

    const recallAgain = await crashing('alice', { id: 'x', type: 'recall', body: { target: seq } });
    assert.equal(await mentions(fixture, 'bob'), 1);
    await recallAgain();
    assert.equal(await mentions(fixture, 'bob'), 0);
    await again();
    assert.equal(await mentions(fixture, 'bob'), 0, 'the repeat of a recalled message mentions nobody');
    await fixture.end();
  });

  it('agree with the timeline when messages and their recalls race', async () => {
    const fixture = await startSender();
    const { sender } = fixture;
    const first = (await fixture.raw(group)).at(-1)!.seq;
    const work: Promise<unknown>[] = [];
    for (let i = 1; i <= 40; i++) {
      work.push(sender.send({ conv: group, from: 'alice', payload: text(`m-${i}`, { mentions: ['bob'] }) }));
      // Guesses the seq, before the message is acknowledged; where it is not there yet, it is refused.
      const recall = { id: `x-${i}`, type: 'recall', body: { target: first + i } };
      work.push(sender.send({ conv: group, from: 'alice', payload: recall }));
    }
    await Promise.allSettled(work);
    const events = await fixture.raw(group);
    const standing = events.filter(({ type, recalled }) => type === 'text' && recalled !== true);
    assert.equal(await mentions(fixture, 'bob'), standing.length);
    await fixture.end();
  });

  it('of many pins at once are no more than may be, and a pinned message may be pinned again', async () => {
    const fixture = await startSender();
    const { sender } = fixture;
    const sent = await Promise.all(
      Array.from({ length: 110 }, (_, i) =>
        sender.send({ conv: group, from: 'bob', payload: text(`m-${i}`) }),
      ),
    );
    const pin = (seq: number, id: string) =>
      sender.send({
        conv: group,
        from: 'alice',
        payload: { id, type: 'pin', body: { target: seq, on: true } },
      });
    const results = await Promise.allSettled(sent.map(({ seq }, i) => pin(seq, `p-${i}`)));
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    assert.equal(refused.length, 10);
    assert.ok(refused.every(code('pin.full')));
    assert.equal((await pinned(fixture)).length, 100);
    const stored = sent[results.findIndex(({ status }) => status === 'fulfilled')]!;
    assert.equal((await pin(stored.seq, 'again')).repeat, false);
    assert.equal((await pinned(fixture)).length, 100);
    await fixture.end();
  });
});

describe('a send of the server itself', () => {
  let fixture: SenderFixture;
  before(async () => {
    fixture = await startSender({
      moderate: () => Promise.reject(new PetrelError('send.rejected')),
    });
  });
  after(() => fixture.end());
  const send = (conv: string, payload: object, from = 'system') =>
    fixture.sender.send({ conv, from, payload, asSystem: true });

  it('goes to users and groups without asking who is a member, and without moderation', async () => {
    assert.equal((await send('u:bob:system', text('a'))).seq, 1);
    assert.equal((await send('u:bob:system', text('a'))).repeat, true);
    assert.equal((await send(group, text('a'))).seq, 2);
    await assert.rejects(send('u:nobody:system', text('a')), code('user.not-found'));
    await assert.rejects(send('g:nothing', text('a')), code('group.not-found'));
    await assert.rejects(send('u:alice:bob', text('a')), code('conversation.not-found'));
    await assert.rejects(send(group, { type: 'text', body: {} }), code('payload.invalid'));
    await assert.rejects(
      fixture.sender.send({ conv: group, from: 'bob', payload: text('b') }),
      code('send.rejected'),
    );
  });

  it('may be of type system, which counts as no message; nobody else may say so', async () => {
    const [head] = await fixture.timeline.heads([group]);
    const { seq } = await send(group, { id: 's', type: 'system', body: { action: 'maintenance', at: 5 } });
    const stored = (await fixture.raw(group)).at(-1)!;
    assert.deepEqual([stored.seq, stored.n, stored.type, stored.from], [seq, head!.n, 'system', 'system']);
    assert.throws(() => checkOutgoing({ id: 's', type: 'system', body: {} }), code('payload.invalid'));
  });

  it('takes out what others said', async () => {
    const { seq } = await send(group, text('bad', { mentions: ['bob'] }), 'carol');
    await send(group, { id: 'x', type: 'recall', body: { target: seq } });
    assert.equal((await fixture.raw(group)).find((event) => event.seq === seq)?.recalled, true);
  });
});

describe('a send by the other door than MQTT', () => {
  it('is refused where no packet could bring it', async () => {
    const fixture = await startSender({ maxPacketSize: 1000 });
    const send = (length: number) => {
      const payload = { id: `m-${length}`, type: 'text', body: { text: 'x'.repeat(length) } };
      return fixture.sender.send({ conv: group, from: 'bob', payload });
    };
    await send(800);
    await assert.rejects(send(1000), code('send.too-large'));
    await fixture.end();
  });
});
