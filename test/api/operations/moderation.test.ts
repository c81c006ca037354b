import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { answer, Moderator } from '../../support/moderator.ts';
import { doors } from '../doors.ts';
import { type People, startPeople } from '../people.ts';

const conv = 'u:alice:bob';

for (const door of doors) {
  describe(`moderation over ${door.name}`, () => {
    let people: People;
    let moderator: Moderator;
    let ids = 0;
    before(async () => {
      moderator = await new Moderator().start();
      people = await startPeople(door, ['alice', 'bob'], {
        moderation: { url: moderator.url, words: ['damn'], timeout: 2000 },
      });
    });
    after(async () => {
      await people.api.stop();
      await moderator.stop();
    });
    beforeEach(() => {
      moderator.asked.length = 0;
      moderator.reply = answer({ action: 'allow' });
    });

    const send = (body: object, type = 'text') => people.send('alice', conv, `m-${++ids}`, type, body);
    const refused = async (sent: ReturnType<typeof send>, code: string, status: number) => {
      const given = await sent;
      assert.equal(given.code, code);
      if (given.status !== undefined) assert.equal(given.status, status);
    };
    const latest = async () => (await people.events('bob', conv, { limit: 1 })).at(-1)!;
    const seqOf = async (sent: ReturnType<typeof send>) => (await sent).data.seq as unknown as number;

    it('refuses a word and what the hook refuses, and stores nothing of it', async () => {
      await refused(send({ text: 'oh damn' }), 'send.rejected', 403);
      assert.equal(moderator.asked.length, 0);
      moderator.reply = answer({ action: 'refuse' });
      await refused(send({ text: 'oh' }), 'send.rejected', 403);
      assert.deepEqual(await people.events('bob', conv), []);
    });

    it('stores what the hook makes of a message', async () => {
      moderator.reply = answer({ action: 'replace', body: { text: 'nicer' } });
      const { code, status } = await send({ text: 'rude' });
      assert.equal(code, undefined);
      if (status !== undefined) assert.equal(status, 201);
      assert.deepEqual((await latest()).body, { text: 'nicer' });
    });

    it('says that it is not there now while the hook fails', async () => {
      moderator.reply = answer({}, 500);
      await refused(send({ text: 'x' }), 'moderation.unavailable', 503);
    });

    it('looks at edits, and not at reactions, pins and recalls', async () => {
      const target = await seqOf(send({ text: 'first' }));
      await refused(send({ target, body: { text: 'damn' } }, 'edit'), 'send.rejected', 403);
      moderator.reply = answer({ action: 'replace', body: { target, body: { text: 'second' } } });
      await seqOf(send({ target, body: { text: 'x' } }, 'edit'));
      const [event] = (await people.events('bob', conv)).filter(({ seq }) => seq === target);
      assert.deepEqual(event!.body, { text: 'second' });
      const asked = moderator.asked.length;
      await seqOf(send({ target, emoji: '👍', on: true }, 'react'));
      await seqOf(send({ target, on: true }, 'pin'));
      await seqOf(send({ target }, 'recall'));
      assert.equal(moderator.asked.length, asked);
    });

    it('asks nobody about a message or edit that is not allowed anyway', async () => {
      const target = await seqOf(send({ text: 'mine' }));
      const asked = moderator.asked.length;
      const edit = { target, body: { text: 'yours' } };
      const theirs = await people.send('bob', conv, 'edit-1', 'edit', edit);
      assert.equal(theirs.code, 'send.not-allowed');
      await refused(send({ target: 999, body: { text: 'x' } }, 'edit'), 'target.not-found', 404);
      assert.equal(moderator.asked.length, asked);
    });

    it('answers a repeat with its place, and does not ask again', async () => {
      const first = await people.send('alice', conv, 'same');
      const second = await people.send('alice', conv, 'same');
      assert.deepEqual(second.data, first.data);
      if (second.status !== undefined) assert.equal(second.status, 200);
      assert.equal(moderator.asked.length, 1);
    });

    it('refuses what a block forbids meanwhile', async () => {
      let release = () => {};
      const reached = new Promise<void>((resolve) => {
        moderator.reply = (asked, response) => {
          release = () => answer({ action: 'allow' })(asked, response);
          resolve();
        };
      });
      const sent = send({ text: 'just before' });
      await reached;
      await people.data('bob', 'blocks.add', { uid: 'alice' });
      release();
      await refused(sent, 'send.blocked', 403);
      await people.data('bob', 'blocks.remove', { uid: 'alice' });
    });

    it('looks at what an operator sends in the name of a user, and not at what the server says', async () => {
      const admin = await people.admin();
      const message = { type: 'text', body: { text: 'damn' }, to: 'bob' };
      const asAlice = await people.ask('admin.send', { ...message, id: 'op-1', from: 'alice' }, admin);
      assert.equal(asAlice.code, 'send.rejected');
      const asSystem = await people.ask('admin.send', { ...message, id: 'op-2', from: 'system' }, admin);
      assert.equal(asSystem.code, undefined);
    });
  });
}
