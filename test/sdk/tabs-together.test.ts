import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { composeClient } from '../../sdk/client.ts';
import { indexedDbStorage } from '../../sdk/storage/indexeddb.ts';
import { LockedTabs } from '../../sdk/tabs/locked.ts';
import { dial } from '../../sdk/transport/mqtt.ts';
import type { Client, Message } from '../../sdk/types.ts';
import { Petrel } from '../support/petrel.ts';
import { until } from '../support/until.ts';
import { online, password, Stage, shows } from './stage.ts';
import { Locks } from './tabs/locks.ts';

Object.assign(globalThis, { IDBKeyRange });

/** A browser, and its tabs. */
class Browser {
  readonly #name = `petrel ${randomUUID()}`;
  readonly #factory = new IDBFactory();
  readonly #locks = new Locks();
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  async tab(): Promise<Client> {
    const name = this.#name;
    const url = this.#stage.petrel.url('http');
    const tabs = new LockedTabs({ name, locks: this.#locks, channel: new BroadcastChannel(name) });
    const client = await composeClient(
      {
        dial,
        url,
        mqttUrl: `${url.replace('http', 'ws')}/mqtt`,
        storage: indexedDbStorage({ name, factory: this.#factory }),
        tabs: { tabs, isElected: true },
        platform: 'web',
      },
      {},
    );
    return this.#stage.keep(client);
  }
}

describe('tabs of one browser', () => {
  const custom = [{ match: 'devices/#', allow: ['publish', 'subscribe'] }];
  const petrel = new Petrel({ PETREL_TOPICS_CUSTOM: JSON.stringify(custom) });
  const stage = new Stage(petrel);
  before(() => petrel.start());
  after(() => petrel.remove());
  afterEach(() => stage.end());

  /** Two tabs of somebody new; the first leads. */
  const twoTabs = async (name: string) => {
    const browser = new Browser(stage);
    const first = await browser.tab();
    const uid = stage.uid(name);
    await first.register({ uid, password });
    await online(first);
    const second = await browser.tab();
    assert.equal(second.user.value?.uid, uid);
    await online(second);
    return { browser, first, second, uid };
  };
  const connections = async (uid: string): Promise<number> => {
    const admin = petrel.known('operator', { scope: 'admin' });
    const { body } = await admin.api.get<{ items: unknown[] }>(`/admin/connections?uid=${uid}`);
    return body.items.length;
  };

  it('show the same over one connection, whichever of them sends', async () => {
    const { first, second, uid } = await twoTabs('alice');
    const bob = await stage.person('bob');
    for (const tab of [first, second]) tab.conversation(bob).open();
    await (await first.conversation(bob).send('from the first')).stored;
    await (await second.conversation(bob).send('from the second')).stored;
    await (await bob.conversation({ uid }).send('an answer')).stored;
    await (await second.conversation(bob).react(3, '👍', true)).stored;
    for (const tab of [first, second]) {
      await until('all', () => tab.conversation(bob).messages.value.items.length === 3);
      await until('a reaction', () => tab.conversation(bob).messages.value.items[2]?.reactions);
      await until('unread', () => tab.conversations.value[0]?.unread === 1);
    }
    bob.conversation({ uid }).open();
    await shows(bob, { uid }, ['1 from the first sent', '2 from the second sent', '3 an answer sent']);
    second.conversation(bob).markRead();
    for (const tab of [first, second]) await until('read', () => tab.conversations.value[0]?.unread === 0);
    await until('read by alice', () => bob.conversation({ uid }).messages.value.items[2]?.state === 'read');
    assert.equal(await connections(uid), 1);
  });

  it('hear of messages, typing and presence in each of them', async () => {
    const { first, second, uid } = await twoTabs('alice');
    const bob = await stage.person('bob');
    const got: Message[][] = [[], []];
    first.on('message', (message) => got[0]!.push(message));
    second.on('message', (message) => got[1]!.push(message));
    await (await bob.conversation({ uid }).send('hello')).stored;
    await until('both', () => got[0]!.length === 1 && got[1]!.length === 1);
    const watched = second.presence(bob.uid);
    watched.subscribe(() => {});
    await until('presence', () => watched.value?.online);
    bob.conversation({ uid }).typed();
    for (const tab of [first, second])
      await until('typing', () => tab.conversation(bob).typing.value.includes(bob.uid));
    second.conversation(bob).typed();
    await until('typing to bob', () => bob.conversation({ uid }).typing.value.includes(uid));
  });

  it('go on in the second when the first is closed', async () => {
    const { first, second, uid } = await twoTabs('alice');
    const bob = await stage.person('bob');
    const watched = second.presence(bob.uid);
    watched.subscribe(() => {});
    second.conversation(bob).open();
    await (await second.conversation(bob).send('one')).stored;
    await first.close();
    await (await second.conversation(bob).send('two')).stored;
    await (await bob.conversation({ uid }).send('three')).stored;
    await shows(second, bob, ['1 one sent', '2 two sent', '3 three sent']);
    await until('presence', () => watched.value?.online);
    assert.equal(await connections(uid), 1);
  });

  it('share what they want of custom topics', async () => {
    const { first, second } = await twoTabs('alice');
    const came: string[] = [];
    const hear = (tab: string) => (topic: string, payload: Uint8Array) =>
      void came.push(`${tab} ${topic} ${new TextDecoder().decode(payload)}`);
    const end = await second.subscribe('devices/+/lamp', hear('second'));
    await second.publish('devices/1/lamp', 'on');
    await until('to the second', () => came.length === 1);
    const endFirst = await first.subscribe('devices/#', hear('first'));
    end();
    await first.publish('devices/1/lamp', 'off');
    await until('to the first', () => came.length === 2);
    assert.deepEqual(came, ['second devices/1/lamp on', 'first devices/1/lamp off']);
    endFirst();
    await assert.rejects(
      second.subscribe('u/somebody', () => {}),
      { code: 'topic.forbidden' },
    );
    await second.subscribe('devices/2/lamp', hear('second'));
    await first.close();
    await until('the second to lead', () =>
      second.publish('devices/2/lamp', 'on').then(
        () => came.length === 3,
        () => false,
      ),
    );
  });

  it('sign out together, and leave nothing to who comes next', async () => {
    const { browser, first, second } = await twoTabs('alice');
    const bob = await stage.person('bob');
    await (await second.conversation(bob).send('between us')).stored;
    const reasons: string[] = [];
    first.on('signed-out', (reason) => reasons.push(reason));
    await second.signOut();
    await until('both', () => first.status.value === 'signed-out' && second.status.value === 'signed-out');
    assert.deepEqual(reasons, ['asked']);
    assert.deepEqual(first.conversations.value, []);
    const carol = stage.uid('carol');
    await second.register({ uid: carol, password });
    await until('carol in both', () => first.user.value?.uid === carol && second.user.value?.uid === carol);
    for (const tab of [first, second, await browser.tab()]) {
      await online(tab);
      assert.deepEqual(tab.conversations.value, []);
    }
  });
});
