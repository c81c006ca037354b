import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  type ChatClient,
  type ConnectOptions,
  jsonOf,
  type Notice,
  textMessage,
} from '../support/chat-client.ts';
import type { PacketClient } from '../support/packet-client.ts';
import { Petrel } from '../support/petrel.ts';
import { until } from '../support/until.ts';
import type { User } from '../support/user.ts';

const petrel = new Petrel();
before(() => petrel.start());
after(() => petrel.remove());

interface State {
  readonly uid: string;
  readonly online: boolean;
  readonly ts: number;
  readonly platforms?: readonly string[];
  readonly status?: unknown;
}

/** The next state of the user that the client is sent, as it is. */
async function stateOf(client: PacketClient, uid: string): Promise<State & { readonly retain: boolean }> {
  const packet = await client.next('publish', ({ topic }) => topic === `presence/${uid}`);
  const state = JSON.parse(packet.payload.toString()) as State;
  assert.ok(state.ts > 0);
  assert.equal(state.uid, uid);
  return { ...state, retain: packet.retain };
}

async function presenceOf(client: PacketClient, uid: string) {
  const { online, retain } = await stateOf(client, uid);
  return { online, retain };
}

/** How many notices of the type came until now that nobody has taken. */
async function noticesOf(client: ChatClient, type: string): Promise<number> {
  await client.ping();
  return client.inbox.filter(
    (packet) =>
      packet.cmd === 'publish' && packet.topic.startsWith('n/') && jsonOf<Notice>(packet).type === type,
  ).length;
}

/** A client of the first, who has talked with the second and watches them. */
async function watcherOf(alice: User, bob: User, options: ConnectOptions = {}): Promise<ChatClient> {
  const watcher = await alice.connect(options);
  await watcher.publish(`send/u/${bob.uid}`, textMessage('hello', 'hi'));
  assert.deepEqual(await watcher.subscribe([`presence/${bob.uid}`]), [1]);
  return watcher;
}

describe('presence/{uid}', () => {
  it('tells contacts the state when they subscribe, retained, and each change after it', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const watcher = await alice.connect();
    await watcher.publish(`send/u/${bob.uid}`, textMessage('c-1', 'hi'));
    assert.deepEqual(await watcher.subscribe([`presence/${bob.uid}`]), [1]);
    assert.deepEqual(await presenceOf(watcher, bob.uid), { online: false, retain: true });
    const phone = await bob.connect();
    assert.deepEqual(await presenceOf(watcher, bob.uid), { online: true, retain: false });
    phone.send({ cmd: 'disconnect' });
    assert.deepEqual(await presenceOf(watcher, bob.uid), { online: false, retain: false });
  });

  it('is not for strangers (0x87); everyone may watch themselves', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const client = await alice.connect();
    const filters = [`presence/${bob.uid}`, 'presence/nobody', 'presence/+', `presence/${alice.uid}`];
    assert.deepEqual(await client.subscribe(filters), [0x87, 0x87, 0x87, 1]);
    assert.deepEqual(await presenceOf(client, alice.uid), { online: true, retain: true });
  });

  it('is watched on by a session that comes back, and no more after UNSUBSCRIBE', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const options = { clientId: 'phone', clean: false, expiry: 600 };
    const first = await alice.connect(options);
    await first.publish(`send/u/${bob.uid}`, textMessage('c-1', 'hi'));
    await first.subscribe([`presence/${bob.uid}`]);
    first.drop();
    const again = await alice.connect(options);
    assert.equal((await presenceOf(again, bob.uid)).online, false);
    assert.deepEqual(await again.unsubscribe([`presence/${bob.uid}`]), [0]);
    assert.deepEqual(await again.unsubscribe([`presence/${bob.uid}`]), [0x11]);
  });
});

describe('what presence says', () => {
  it('has the platforms of the connections, as they come and go', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const watcher = await watcherOf(alice, bob);
    assert.equal((await stateOf(watcher, bob.uid)).platforms, undefined);
    const web = await petrel.known(bob.uid, { plat: 'web' }).connect();
    assert.deepEqual((await stateOf(watcher, bob.uid)).platforms, ['web']);
    await petrel.known(bob.uid, { plat: 'mobile' }).connect();
    assert.deepEqual((await stateOf(watcher, bob.uid)).platforms, ['web', 'mobile']);
    await web.drop();
    assert.deepEqual((await stateOf(watcher, bob.uid)).platforms, ['mobile']);
    const profile = await alice.api.get<{ presence?: State }>(`/users/${bob.uid}`);
    assert.deepEqual(profile.body.presence?.platforms, ['mobile']);
  });

  it('is offline for all others while the user is invisible, and so is typing', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const phone = await bob.connect({ clientId: 'phone' });
    const watcher = await watcherOf(alice, bob);
    assert.equal((await stateOf(watcher, bob.uid)).online, true);
    const before = Date.now();
    assert.equal((await bob.api.patch('/me', { invisible: true })).status, 200);
    const { online, ts } = await stateOf(watcher, bob.uid);
    assert.equal(online, false);
    assert.ok(ts >= before && ts <= Date.now());
    phone.post(`typing/u/${alice.uid}`, { on: true }, 0);
    await phone.publish(`send/u/${alice.uid}`, textMessage('c-1', 'still here'));
    assert.equal((await watcher.events(2)).at(-1)!.id, 'c-1');
    assert.equal(await noticesOf(watcher, 'typing'), 0);
    const profile = await alice.api.get<{ presence?: State }>(`/users/${bob.uid}`);
    assert.deepEqual(profile.body.presence, { online: false, ts });
    await bob.api.patch('/me', { invisible: false });
    assert.equal((await stateOf(watcher, bob.uid)).online, true);
  });

  it('ends at once with a block, and begins again after it', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    await bob.connect({ clientId: 'phone' });
    const kept = { clientId: 'laptop', clean: false, expiry: 600 };
    const watcher = await watcherOf(alice, bob, kept);
    assert.equal((await stateOf(watcher, bob.uid)).online, true);
    await bob.api.put(`/blocks/${alice.uid}`);
    assert.equal((await stateOf(watcher, bob.uid)).online, false);
    assert.deepEqual(await watcher.subscribe([`presence/${bob.uid}`]), [0x87]);
    assert.equal((await alice.api.get<{ presence?: State }>(`/users/${bob.uid}`)).body.presence, undefined);
    await watcher.drop();
    const again = await alice.connect(kept);
    await petrel.known(bob.uid, { plat: 'web' }).connect();
    await bob.api.delete(`/blocks/${alice.uid}`);
    assert.deepEqual((await stateOf(again, bob.uid)).platforms, ['web']);
  });
});

describe('a will to presence/{own}', () => {
  const will = (uid: string, payload: string, delaySeconds = 0): ConnectOptions['will'] => ({
    topic: `presence/${uid}`,
    payload: Buffer.from(payload),
    qos: 1,
    retain: true,
    properties: { willDelayInterval: delaySeconds },
  });

  it('tells the watchers at once, with what it says, until the device is there again', async () => {
    const [alice, lamp] = await petrel.users('alice', 'lamp');
    const device = await petrel
      .known(lamp.uid, { plat: 'iot' })
      .connect({ clientId: 'lamp', will: will(lamp.uid, '{"battery":3}') });
    const watcher = await watcherOf(alice, lamp);
    assert.equal((await stateOf(watcher, lamp.uid)).online, true);
    await device.drop();
    const { online, status, ts } = await stateOf(watcher, lamp.uid);
    assert.deepEqual([online, status], [false, { battery: 3 }]);
    const late = await alice.connect();
    await late.subscribe([`presence/${lamp.uid}`]);
    assert.deepEqual(await stateOf(late, lamp.uid), {
      ...{ uid: lamp.uid, online: false, ts, status: { battery: 3 }, retain: true },
    });
    const again = await lamp.connect({ clientId: 'lamp' });
    assert.equal((await stateOf(watcher, lamp.uid)).status, undefined);
    await again.disconnect();
    assert.equal((await stateOf(watcher, lamp.uid)).status, undefined);
  });

  it('comes after its delay, and is for nobody else’s presence', async () => {
    const [alice, lamp] = await petrel.users('alice', 'lamp');
    const expiry = 600;
    const delayed = await lamp.connect({ clientId: 'lamp', expiry, will: will(lamp.uid, 'lost', 2) });
    const watcher = await watcherOf(alice, lamp);
    await stateOf(watcher, lamp.uid);
    await delayed.drop();
    const gone = await stateOf(watcher, lamp.uid);
    assert.deepEqual([gone.online, gone.status], [false, undefined]);
    const { online, status, ts } = await stateOf(watcher, lamp.uid);
    assert.deepEqual([online, status, ts], [false, 'lost', gone.ts]);
    assert.equal((await lamp.tryConnect({ will: will(alice.uid, 'x') })).reason, 0x87);
  });
});

describe('presence.policy friends', () => {
  const server = new Petrel({ PETREL_PRESENCE_POLICY: 'friends' });
  before(() => server.start());
  after(() => server.remove());

  it('shows presence and typing to friends, for as long as they are', async () => {
    const [alice, bob, carol] = await server.users('alice', 'bob', 'carol');
    const gid = await alice.createGroup([bob, carol]);
    await alice.api.post('/friends/requests', { uid: bob.uid });
    await bob.api.post('/friends/requests', { uid: alice.uid });
    const [a, b, c] = [await alice.connect(), await bob.connect(), await carol.connect()];
    await c.publish(`send/u/${bob.uid}`, textMessage('c-1', 'hi'));
    assert.deepEqual(await c.subscribe([`presence/${bob.uid}`]), [0x87]);
    assert.deepEqual(await a.subscribe([`presence/${bob.uid}`]), [1]);
    assert.equal((await stateOf(a, bob.uid)).online, true);
    await b.publish(`typing/g/${gid}`, { on: true });
    assert.equal((await a.notice('typing')).uid, bob.uid);
    assert.equal(await noticesOf(c, 'typing'), 0);
    await bob.api.delete(`/friends/${alice.uid}`);
    assert.equal((await stateOf(a, bob.uid)).online, false);
    assert.deepEqual(await a.subscribe([`presence/${bob.uid}`]), [0x87]);
  });
});

describe('after a restart', () => {
  const server = new Petrel();
  before(() => server.start());
  after(() => server.remove());

  it('presence knows when users were seen last, and what their wills said', async () => {
    const [alice, bob, lamp] = await server.users('alice', 'bob', 'lamp');
    const phone = await bob.connect({ clientId: 'phone' });
    for (const other of [bob, lamp]) await (await watcherOf(alice, other)).disconnect();
    const left = Date.now();
    await phone.disconnect();
    await server.stop();
    await server.start();
    const topic = `presence/${lamp.uid}`;
    await lamp.connect({
      clientId: 'lamp',
      will: { topic, payload: Buffer.from('power cut'), qos: 0, retain: false },
    });
    await until('the device', async () => {
      const { body } = await lamp.api.get<{ items: unknown[] }>('/devices');
      return body.items.length === 1;
    });
    await server.kill();
    await server.start();
    const again = await alice.connect();
    await again.subscribe([`presence/${bob.uid}`, topic]);
    const seen = await stateOf(again, bob.uid);
    assert.equal(seen.online, false);
    assert.ok(Math.abs(seen.ts - left) < 2000, `${seen.ts - left}`);
    const cut = await stateOf(again, lamp.uid);
    assert.deepEqual([cut.online, cut.status], [false, 'power cut']);
    await server.stop();
    await server.start();
    const last = await alice.connect();
    await last.subscribe([topic]);
    assert.equal((await stateOf(last, lamp.uid)).status, 'power cut');
  });
});

describe('typing/…', () => {
  it('tells the other in a direct conversation and the members of a group, at QoS 0', async () => {
    const [alice, bob, carol] = await petrel.users('alice', 'bob', 'carol');
    const gid = await alice.createGroup([bob, carol]);
    const [a, b, c] = [await alice.connect(), await bob.connect(), await carol.connect()];
    a.post(`typing/u/${bob.uid}`, { on: true }, 0);
    const { type, conv, uid, on } = await b.notice('typing');
    assert.deepEqual([type, uid, on], ['typing', alice.uid, true]);
    assert.match(String(conv), /^u:/);
    a.post(`typing/g/${gid}`, { on: false }, 0);
    for (const member of [b, c]) {
      const notice = await member.notice('typing');
      assert.deepEqual([notice.conv, notice.uid, notice.on], [`g:${gid}`, alice.uid, false]);
    }
  });

  it('takes nothing from the sends, and what is too much is dropped without a word', async () => {
    const server = new Petrel({
      PETREL_LIMITS_SEND_PER_SECOND: '1',
      PETREL_LIMITS_SEND_BURST: '1',
      PETREL_LIMITS_TYPING_PER_SECOND: '3',
    });
    await server.start();
    try {
      const [alice, bob] = await server.users('alice', 'bob');
      const [a, b] = [await alice.connect(), await bob.connect()];
      for (let i = 0; i < 40; i++) a.post(`typing/u/${bob.uid}`, { on: true }, 0);
      const { reason } = await a.publish(`typing/u/${bob.uid}`, { on: false });
      assert.equal(reason, 0);
      assert.equal((await a.publish(`send/u/${bob.uid}`, textMessage('c-1', 'hi'))).reason, 0);
      await b.event();
      const notes = await noticesOf(b, 'typing');
      assert.ok(notes >= 3 && notes < 20, `${notes} notes of typing`);
      assert.equal(await noticesOf(a, 'error'), 0);
    } finally {
      await server.remove();
    }
  });

  it('is refused to those who may not write there, and not told over a block', async () => {
    const [alice, bob, carol, dave] = await petrel.users('alice', 'bob', 'carol', 'dave');
    const gid = await alice.createGroup([bob, carol]);
    const [a, b, c, d] = [
      await alice.connect(),
      await bob.connect(),
      await carol.connect(),
      await dave.connect(),
    ];
    assert.equal((await d.publish(`typing/g/${gid}`, { on: true })).reason, 0x87);
    await bob.api.put(`/blocks/${alice.uid}`);
    assert.equal((await a.publish(`typing/u/${bob.uid}`, { on: true })).reason, 0x87);
    assert.equal((await a.publish(`typing/g/${gid}`, { on: true })).reason, 0);
    assert.equal((await c.notice('typing')).uid, alice.uid);
    assert.equal(await noticesOf(b, 'typing'), 0);
  });
});
