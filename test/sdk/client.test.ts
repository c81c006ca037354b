import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { memoryStorage } from '../../sdk/storage/memory.ts';
import type { Client, Message } from '../../sdk/types.ts';
import { Petrel } from '../support/petrel.ts';
import { until } from '../support/until.ts';
import { online, password, Stage, shows } from './stage.ts';

describe('clients of a server', () => {
  const petrel = new Petrel();
  const stage = new Stage(petrel);
  before(async () => {
    await petrel.start();
    petrel.keepPorts();
  });
  after(() => petrel.remove());
  afterEach(() => stage.end());

  it('chat: what one sends the other gets, live and once, and unread until it is read', async () => {
    const [alice, bob] = [await stage.person('alice'), await stage.person('bob')];
    const got: Message[] = [];
    bob.on('message', (message) => got.push(message));
    alice.conversation(bob).open();
    const { message, stored } = await alice.conversation(bob).send('hello');
    assert.equal(message.state, 'sending');
    assert.equal((await stored).seq, 1);
    await alice.conversation(bob).send('again');
    await until('both', () => got.length === 2);
    assert.deepEqual(
      got.map(({ body }) => body),
      [{ text: 'hello' }, { text: 'again' }],
    );
    const [entry] = bob.conversations.value;
    assert.equal(entry?.unread, 2);
    assert.equal(entry?.last?.body?.text, 'again');
    assert.equal(alice.conversations.value[0]?.unread, 0);
    bob.conversation(alice).open();
    await shows(bob, alice, ['1 hello sent', '2 again sent']);
    bob.conversation(alice).markRead();
    assert.equal(bob.conversation(alice).entry.value?.unread, 0);
    await shows(alice, bob, ['1 hello read', '2 again read']);
    assert.equal(alice.conversation(bob).entry.value?.peerRead, 2);
  });

  it('show edits, reactions, pins and recalls on both sides', async () => {
    const [alice, bob] = [await stage.person('alice'), await stage.person('bob')];
    const [a, b] = [alice.conversation(bob), bob.conversation(alice)];
    a.open();
    b.open();
    for (const text of ['one', 'two', 'three']) await (await a.send(text)).stored;
    await shows(bob, alice, ['1 one sent', '2 two sent', '3 three sent']);
    await (await a.edit(1, { text: 'uno' })).stored;
    await (await b.react(2, '👍', true)).stored;
    await (await b.pin(2, true)).stored;
    await (await a.recall(3)).stored;
    for (const view of [a, b]) {
      const [one, two, three] = await until('all changes', () => {
        const { items } = view.messages.value;
        return items[2]?.recalled && items[1]?.pinned && items[0]?.edited ? items : undefined;
      });
      assert.deepEqual(one?.body, { text: 'uno' });
      assert.deepEqual(two?.reactions, { '👍': [bob.uid] });
      assert.deepEqual(two?.reactionCounts, { '👍': 1 });
      assert.equal(three?.body, undefined);
    }
    const refused = await b.edit(1, { text: 'not mine' });
    await assert.rejects(refused.stored, { code: 'send.not-allowed' });
    await until('the change taken back', () => b.messages.value.items[0]?.body?.text === 'uno');
  });

  it('catch up after an absence: what was sent here waits, what was sent there comes', async () => {
    const storage = memoryStorage();
    const lasting = { ...keeping(storage), close: async () => {} };
    const [alice, bob] = [await stage.person('alice', { storage: lasting }), await stage.person('bob')];
    alice.conversation(bob).open();
    await (await alice.conversation(bob).send('before')).stored;
    await alice.close();
    const sent = [];
    for (let i = 0; i < 30; i++) sent.push(await bob.conversation(alice).send(`while away ${i}`));
    await Promise.all(sent.map(({ stored }) => stored));
    const again = await stage.client({ storage: lasting });
    const got: unknown[] = [];
    again.on('message', ({ body }) => got.push(body?.text));
    assert.equal(again.user.value?.uid, alice.uid);
    again.conversation(bob).open();
    await again.conversation(bob).send('queued');
    await online(again);
    await until('all', () => got.length === 30);
    assert.deepEqual(
      got,
      sent.map((_, i) => `while away ${i}`),
    );
    await until('the queued one', () => again.conversation(bob).messages.value.items.at(-1)?.seq === 32);
    assert.equal(again.conversation(bob).messages.value.items.length, 32);
  });

  it('go on when the server is killed and comes back: each message is there once', async () => {
    const [alice, bob] = [await stage.person('alice'), await stage.person('bob')];
    const [a, b] = [alice.conversation(bob), bob.conversation(alice)];
    a.open();
    b.open();
    const stored = [];
    for (let i = 0; i < 20; i++) {
      stored.push((await a.send(`a${i}`)).stored, (await b.send(`b${i}`)).stored);
      if (i === 10) await petrel.kill();
    }
    assert.ok(alice.waiting.value > 0);
    await petrel.start();
    alice.reconnect();
    bob.reconnect();
    await Promise.all(stored);
    const textsOf = (view: typeof a) => view.messages.value.items.map(({ body }) => String(body?.text));
    for (const view of [a, b]) {
      await until(
        'all',
        () => textsOf(view).length === 40 && view.messages.value.items.every(({ seq }) => seq),
      );
      assert.equal(new Set(textsOf(view)).size, 40);
      for (const who of ['a', 'b'])
        assert.deepEqual(
          textsOf(view).filter((text) => text.startsWith(who)),
          Array.from({ length: 20 }, (_, i) => `${who}${i}`),
        );
    }
    assert.deepEqual(textsOf(a), textsOf(b));
  });

  it('show on a new device the list at once, and of the history what is looked at', async () => {
    const [alice, bob] = [await stage.person('alice'), await stage.person('bob')];
    const stored = [];
    for (let i = 1; i <= 250; i++) stored.push((await bob.conversation(alice).send(`m${i}`)).stored);
    await Promise.all(stored);
    const device = await stage.client();
    await device.signIn({ uid: alice.uid, password });
    await online(device);
    assert.equal(device.conversations.value[0]?.unread, 250);
    assert.equal(device.conversations.value[0]?.last?.body?.text, 'm250');
    const view = device.conversation(bob);
    assert.deepEqual(view.messages.value as unknown, { items: [], hasOlder: false, isLoaded: false });
    view.open();
    await until('the newest', () => view.messages.value.isLoaded);
    assert.equal(view.messages.value.items.at(-1)?.seq, 250);
    assert.ok(view.messages.value.hasOlder && view.messages.value.items.length < 100);
    assert.equal(await view.loadUpTo(3), true);
    while (view.messages.value.hasOlder) await view.loadOlder();
    await until('all', () => view.messages.value.items.length === 250);
    view.markRead(100);
    await until('the rest unread', () => view.entry.value?.unread === 150);
    await until('unread elsewhere', () => alice.conversation(bob).entry.value?.unread === 150);
  });

  it('follow groups: made, renamed, left', async () => {
    const [alice, bob] = [await stage.person('alice'), await stage.person('bob')];
    const { gid } = await alice.request('groups.create', { name: 'Birds', members: [bob.uid] });
    const entryOf = (client: Client) => client.conversation({ gid }).entry.value;
    await until('the group', () => entryOf(bob)?.name === 'Birds' && entryOf(alice)?.name === 'Birds');
    await (await alice.conversation({ gid }).send({ body: { text: 'hi' }, mentions: [bob.uid] })).stored;
    await until('a mention', () => entryOf(bob)?.mentions === 1 && entryOf(bob)?.unread === 1);
    bob.conversation({ gid }).open();
    bob.conversation({ gid }).markRead();
    alice.conversation({ gid }).open();
    await until('read', () => alice.conversation({ gid }).messages.value.items.at(-1)?.state === 'read');
    await alice.request('groups.update', { gid, name: 'Sea birds' });
    await until('the new name', () => entryOf(bob)?.name === 'Sea birds');
    await bob.request('groups.leave', { gid });
    await until('gone', () => entryOf(bob) === undefined);
    assert.deepEqual(bob.conversations.value, []);
    await until('told', () => alice.conversation({ gid }).messages.value.items.at(-1)?.type === 'member');
  });

  it('tell of typing, and of who is there while somebody wants to know', async () => {
    const [alice, bob] = [await stage.person('alice'), await stage.person('bob')];
    await (await alice.conversation(bob).send('hello')).stored;
    bob.conversation(alice).typed();
    const { typing } = alice.conversation(bob);
    await until('typing', () => typing.value.includes(bob.uid));
    await (await bob.conversation(alice).send('here')).stored;
    await until('no more typing', () => typing.value.length === 0);
    const end = alice.presence(bob.uid).subscribe(() => {});
    await until('online', () => alice.presence(bob.uid).value?.online === true);
    await bob.close();
    await until('offline', () => alice.presence(bob.uid).value?.online === false);
    end();
  });

  it('keep what a user keeps about a conversation the same on all devices', async () => {
    const [alice, bob] = [await stage.person('alice'), await stage.person('bob')];
    const other = await stage.client();
    await other.signIn({ uid: alice.uid, password });
    await online(other);
    await (await bob.conversation(alice).send('hello')).stored;
    const [here, there] = [alice.conversation(bob), other.conversation(bob)];
    await until('the conversation', () => here.entry.value && there.entry.value);
    await here.update({ pinned: true, muted: true, draft: 'not yet', markedUnread: true });
    await until('the same there', () => {
      const { pinned, muted, draft, markedUnread } = there.entry.value ?? {};
      return pinned && muted && draft === 'not yet' && markedUnread;
    });
    await there.update({ draft: null, muted: false });
    await until('taken away', () => here.entry.value?.draft === undefined && !here.entry.value?.muted);
    await here.update({ hidden: true });
    assert.deepEqual(alice.conversations.value, []);
    await until('hidden there', () => other.conversations.value.length === 0);
    await (await bob.conversation(alice).send('are you there?')).stored;
    await until(
      'back',
      () => alice.conversations.value.length === 1 && other.conversations.value.length === 1,
    );
    await here.remove();
    await until('removed there', () => other.conversations.value.length === 0);
    here.open();
    await until('nothing', () => here.messages.value.isLoaded);
    assert.deepEqual(here.messages.value.items, []);
  });

  it('know names, asking once for each', async () => {
    const [alice, bob] = [await stage.person('alice'), await stage.person('bob')];
    await bob.request('me.update', { name: 'Bob Bird' });
    const profile = alice.profile(bob.uid);
    assert.equal(alice.profile(bob.uid), profile);
    await until('the name', () => profile.value?.name === 'Bob Bird');
  });

  it('show nothing of one user to the next on the same device', async () => {
    const storage = memoryStorage();
    const [alice, bob] = [await stage.person('alice', { storage }), await stage.person('bob')];
    alice.conversation(bob).open();
    await (await alice.conversation(bob).send('between us')).stored;
    const reasons: string[] = [];
    alice.on('signed-out', (reason) => reasons.push(reason));
    const { messages } = alice.conversation(bob);
    await alice.signOut();
    assert.deepEqual(reasons, ['asked']);
    assert.equal(alice.user.value, undefined);
    assert.equal(alice.status.value, 'signed-out');
    assert.deepEqual(alice.conversations.value, []);
    assert.deepEqual(messages.value.items, []);
    for (const table of ['events', 'conversations', 'outbox', 'profiles', 'meta'] as const)
      assert.deepEqual(await storage.range(table), []);
    assert.throws(() => alice.conversation(bob), { code: 'client.signed-out' });
    await alice.register({ uid: stage.uid('carol'), password });
    await online(alice);
    assert.deepEqual(alice.conversations.value, []);
  });

  it('are told when they were signed out from another device', async () => {
    const alice = await stage.person('alice');
    const other = await stage.client();
    await other.signIn({ uid: alice.uid, password });
    const reasons: string[] = [];
    alice.on('signed-out', (reason) => reasons.push(reason));
    await other.request('devices.remove', { did: alice.user.value!.did! });
    await until('signed out', () => alice.status.value === 'signed-out', 20_000);
    assert.deepEqual(reasons, ['removed']);
  });
});

/** The same storage for one client after the other. */
function keeping(storage: ReturnType<typeof memoryStorage>) {
  const { keepsKeys, isShared } = storage;
  return {
    keepsKeys,
    isShared,
    get: storage.get.bind(storage),
    range: storage.range.bind(storage),
    write: storage.write.bind(storage),
    clear: storage.clear.bind(storage),
  };
}
