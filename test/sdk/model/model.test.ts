import assert from 'node:assert/strict';
import { afterEach, describe, it, mock } from 'node:test';
import { settled, World } from './world.ts';

const birds = 'g:birds';
const bob = 'u:alice:bob';

describe('a model', () => {
  const worlds: World[] = [];
  const world = async (options?: ConstructorParameters<typeof World>[0]): Promise<World> => {
    const made = new World(options);
    worlds.push(made);
    return made.start();
  };
  afterEach(async () => {
    mock.timers.reset();
    for (const made of worlds.splice(0)) await made.model.close();
  });
  const entry = (of: World, conv: string) => of.model.conversation(conv).entry.value;

  it('counts what is unread and who is mentioned, live', async () => {
    const here = await world();
    here.text(birds, 'bob', 'one');
    here.server.of(birds)[0] = { ...here.server.of(birds)[0]!, mentions: ['alice'] };
    here.underway[0] = here.server.of(birds)[0]!;
    here.text(birds, 'bob', 'two');
    here.say(birds, 'bob', 'react', { target: 1, emoji: '👍', on: true });
    await here.bringAll();
    assert.deepEqual([entry(here, birds)?.unread, entry(here, birds)?.mentions], [2, 1]);
    here.model.conversation(birds).markRead(1);
    await settled();
    assert.deepEqual([entry(here, birds)?.unread, entry(here, birds)?.mentions], [1, 0]);
    here.model.conversation(birds).markRead();
    assert.equal(entry(here, birds)?.unread, 0);
    here.model.conversation(birds).markRead(1);
    assert.equal(entry(here, birds)?.read, 3);
  });

  it('has read its own messages, unless something before them is unread', async () => {
    const here = await world();
    here.text(birds, 'alice', 'from another device');
    await here.bringAll();
    assert.equal(entry(here, birds)?.unread, 0);
    here.text(birds, 'bob', 'unread');
    here.text(birds, 'alice', 'not read either');
    await here.bringAll();
    assert.equal(entry(here, birds)?.unread, 2);
  });

  it('tells the server how far the user has read: at once, then the newest place after a pause', async () => {
    const here = await world();
    for (let i = 1; i <= 4; i++) here.text(birds, 'bob', `t${i}`);
    await here.bringAll();
    mock.timers.enable({ apis: ['setTimeout'] });
    for (const seq of [1, 2, 3, 4]) here.model.conversation(birds).markRead(seq);
    await settled();
    const told = () => here.transport.published.filter(({ topic }) => topic === 'read/g/birds');
    assert.deepEqual(told(), [{ topic: 'read/g/birds', payload: { seq: 1 } }]);
    mock.timers.tick(1000);
    await settled();
    assert.deepEqual(told().at(-1)?.payload, { seq: 4 });
    assert.equal(told().length, 2);
  });

  it('asks on a new device for the list alone, and for a page of what is opened', async () => {
    const here = new World();
    worlds.push(here);
    for (let i = 1; i <= 2000; i++) here.server.say(birds, 'bob', 'text', { text: `t${i}` });
    for (let i = 1; i <= 100; i++) here.server.say(`g:other-${i}`, 'bob', 'text', { text: 'hi' });
    await here.start();
    assert.deepEqual([...new Set(here.server.asked)], ['conversations.list']);
    assert.equal(here.model.conversations.value.length, 101);
    assert.deepEqual(here.messages, []);
    const view = here.model.conversation(birds);
    view.open();
    await settled();
    assert.ok(view.messages.value.isLoaded && view.messages.value.hasOlder);
    assert.ok(view.messages.value.items.length < 200);
    await here.restart();
    const again = here.model.conversation(birds);
    again.open();
    await settled();
    assert.ok(again.messages.value.items.length >= 50);
    assert.equal(here.server.asked.filter((name) => name === 'history').length, 1);
  });

  it('loads what is far behind only when somebody looks', async () => {
    const here = await world({ maxGap: 100 });
    here.text(birds, 'bob', 'first');
    await here.bringAll();
    await here.cut();
    for (let i = 0; i < 1000; i++) here.server.say(birds, 'bob', 'text', { text: `t${i}` });
    here.server.asked.length = 0;
    await here.connect();
    assert.ok(!here.server.asked.includes('history') && !here.server.asked.includes('sync'));
    assert.equal(entry(here, birds)?.last?.seq, 1001);
    assert.equal((await here.allOf(birds)).length, 1001);
  });

  it('tells of each message once, in order, live or caught up with', async () => {
    const here = await world();
    here.text(bob, 'bob', 'live');
    await here.bringAll();
    await here.cut();
    here.text(bob, 'bob', 'missed');
    here.text(bob, 'alice', 'own');
    here.server.say('u:alice:carol', 'carol', 'text', { text: 'from somebody new' });
    here.text(bob, 'bob', 'missed too');
    await here.connect();
    for (const event of here.server.of(bob)) void here.bring(event);
    await settled();
    const told = (from: string) =>
      here.messages.filter((one) => one.from === from).map(({ body }) => body?.text);
    assert.deepEqual(told('bob'), ['live', 'missed', 'missed too']);
    assert.deepEqual(told('carol'), ['from somebody new']);
    assert.equal(here.messages.length, 4);
  });

  it('acknowledges an event when it and all before it are kept', async () => {
    const here = await world();
    here.text(bob, 'bob', 'one');
    await here.bringAll();
    here.text(bob, 'bob', 'two');
    const next = here.text(bob, 'bob', 'three');
    here.underway.length = 0;
    let isKept = false;
    void here.bring(next)!.then(async () => {
      const kept = await here.storage.range('events', { from: [bob, 1], to: [bob, 3] });
      isKept = kept.length === 3;
    });
    await settled();
    assert.ok(isKept);
  });

  it('takes what was recalled out of what is kept', async () => {
    const here = await world();
    here.text(birds, 'bob', 'a secret');
    here.say(birds, 'bob', 'edit', { target: 1, body: { text: 'a better secret' } });
    await here.bringAll();
    here.say(birds, 'bob', 'recall', { target: 1 });
    here.text(birds, 'carol', 'also gone');
    here.say(birds, 'system', 'system', { action: 'user-removed', uid: 'carol' });
    await here.bringAll();
    const kept = JSON.stringify(await here.storage.range('events', { from: [birds, 0], to: [birds, 9] }));
    assert.ok(!kept.includes('secret') && !kept.includes('also gone'));
  });

  it('lists a conversation for what waits to be sent there', async () => {
    const here = await world();
    here.text(birds, 'bob', 'hi');
    await here.bringAll();
    await here.cut();
    const { message } = await here.model.conversation('u:alice:dora').send('first words');
    await settled();
    const [first, second] = here.model.conversations.value;
    assert.equal(first?.uid, 'dora');
    assert.deepEqual(first?.last, message);
    assert.equal(second?.conv, birds);
    await here.restart();
    assert.equal(here.model.conversations.value[0]?.last?.body?.text, 'first words');
  });

  it('keeps a draft that the server could not be told of, and tells it later', async () => {
    const here = await world();
    here.text(birds, 'bob', 'hi');
    await here.bringAll();
    await here.cut();
    here.server.failures = 1;
    await here.model.conversation(birds).update({ draft: 'in the tunnel' });
    await here.restart();
    assert.equal(entry(here, birds)?.draft, 'in the tunnel');
    assert.equal(here.server.asked.at(-1), 'conversations.update');
  });

  it('begins with nothing of whoever had the storage before', async () => {
    const here = new World();
    worlds.push(here);
    await here.storage.write([
      { table: 'events', key: [birds, 1], value: { conv: birds, seq: 1, body: { text: 'of another' } } },
      { table: 'conversations', key: ['zoe', birds], value: { conv: birds, to: 1 } },
      { table: 'meta', key: ['kept', 'zoe', birds], value: { from: 1, isStart: true } },
    ]);
    await here.start();
    assert.deepEqual(here.model.conversations.value, []);
    for (const table of ['events', 'conversations'] as const)
      assert.deepEqual(await here.storage.range(table), []);
  });

  it('forgets after an absence what is in the list no more, once the server says that it is gone', async () => {
    const here = await world();
    for (const conv of [birds, bob]) here.text(conv, 'bob', 'hi');
    await here.bringAll();
    await here.cut();
    here.server.log.set(birds, []);
    await here.connect();
    assert.equal(entry(here, birds), undefined);
    assert.equal(here.model.conversations.value.length, 1);
    assert.deepEqual((await here.storage.range('events')).length, 1);
  });

  it('forgets a group that the user is taken out of', async () => {
    const here = await world();
    here.text(birds, 'bob', 'hi');
    await here.bringAll();
    const view = here.model.conversation(birds);
    view.open();
    await settled();
    here.server.log.delete(birds);
    here.notify({ type: 'group', gid: 'birds', action: 'removed' });
    await settled();
    assert.equal(view.entry.value, undefined);
    assert.deepEqual(view.messages.value.items, []);
    assert.deepEqual(await here.storage.range('events'), []);
  });

  it('ends typing when nothing more is said of it', async () => {
    const here = await world();
    mock.timers.enable({ apis: ['setTimeout'] });
    const { typing } = here.model.conversation(bob);
    here.notify({ type: 'typing', conv: bob, uid: 'bob', on: true });
    assert.deepEqual(typing.value, ['bob']);
    mock.timers.tick(5000);
    here.notify({ type: 'typing', conv: bob, uid: 'bob', on: true });
    mock.timers.tick(5000);
    assert.deepEqual(typing.value, ['bob']);
    mock.timers.tick(2000);
    assert.deepEqual(typing.value, []);
  });

  it('tells that the user types no more often than needed, and that it is over', async () => {
    let now = 0;
    const here = await world({ now: () => now });
    mock.timers.enable({ apis: ['setTimeout'] });
    const view = here.model.conversation(bob);
    for (let i = 0; i < 40; i++) {
      view.typed();
      now += 100;
      mock.timers.tick(100);
    }
    mock.timers.tick(6000);
    const told = here.transport.published.filter(({ topic }) => topic === 'typing/u/bob');
    assert.deepEqual(
      told.map(({ payload }) => payload),
      [{ on: true }, { on: true }, { on: false }],
    );
  });

  it('watches presence while somebody wants it, and again after a reconnect', async () => {
    const here = await world();
    mock.timers.enable({ apis: ['setTimeout'] });
    const end = here.model.presence('bob').subscribe(() => {});
    assert.deepEqual([...here.transport.subscribed], ['presence/bob']);
    const payload = new TextEncoder().encode('{"uid":"bob","online":true,"ts":5,"platforms":["web"]}');
    void here.model.onMessage('presence/bob', payload);
    assert.deepEqual(here.model.presence('bob').value, { online: true, ts: 5, platforms: ['web'] });
    await here.cut();
    assert.equal(here.model.presence('bob').value, undefined);
    here.transport.subscribed.clear();
    await here.connect();
    assert.deepEqual([...here.transport.subscribed], ['presence/bob']);
    end();
    mock.timers.tick(10_000);
    await settled();
    assert.deepEqual([...here.transport.subscribed], []);
  });

  it('leaves entries of the list that did not change the same objects', async () => {
    const here = await world();
    for (const conv of [birds, bob]) here.text(conv, 'bob', 'hi');
    await here.bringAll();
    const before = here.model.conversations.value;
    here.text(bob, 'bob', 'again');
    await here.bringAll();
    const after = here.model.conversations.value;
    assert.notEqual(after, before);
    const of = (list: typeof after, conv: string) => list.find((one) => one.conv === conv);
    assert.equal(of(after, birds), of(before, birds));
    assert.notEqual(of(after, bob), of(before, bob));
    assert.equal(after[0]?.conv, bob);
  });
});
