import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ChatClient, textMessage } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';
import { until } from '../support/until.ts';
import type { User } from '../support/user.ts';

interface Device {
  readonly did: string;
  readonly platform?: string;
  readonly lastSeen: number;
  readonly online: boolean;
  readonly current: boolean;
}

const devicesOf = async (user: User): Promise<Device[]> =>
  (await user.api.get<{ items: Device[] }>('/devices')).body.items;

const openOf = (clients: readonly (ChatClient | undefined)[]) =>
  clients.filter((client) => client?.isOpen === true);

describe('devices', () => {
  const petrel = new Petrel();
  before(() => petrel.start());
  after(() => petrel.remove());

  it('are listed once they have connected, and know after a restart when they were seen', async () => {
    const alice = await petrel.user('alice', { did: 'laptop', plat: 'web' });
    const laptop = await alice.connect({ clientId: 'tab-1' });
    await petrel.known(alice.uid).connect({ clientId: 'phone/1' });
    await petrel.known(alice.uid).connect();
    const asked = Date.now();
    const listed = await until('both devices', async () => {
      const devices = await devicesOf(alice);
      return devices.length === 2 ? devices : undefined;
    });
    assert.deepEqual(
      listed.map(({ did, platform, online, current }) => [did, platform, online, current]),
      [
        ['laptop', 'web', true, true],
        ['phone/1', undefined, true, false],
      ],
    );
    const { ok, data } = await laptop.request('devices.list');
    assert.ok(ok);
    assert.deepEqual(
      (data!.items as Device[]).map(({ did, current }) => [did, current]),
      [
        ['laptop', true],
        ['phone/1', false],
      ],
    );
    await petrel.stop();
    const stopped = Date.now();
    await petrel.start();
    for (const { online, lastSeen } of await devicesOf(alice)) {
      assert.equal(online, false);
      assert.ok(lastSeen >= asked - 1000 && lastSeen <= stopped, `${lastSeen}`);
    }
  });

  it('are listed and can be removed as soon as they came, gone or not', async () => {
    const alice = await petrel.user('alice');
    const tablet = () => petrel.known(alice.uid).connect({ clientId: 'tablet', clean: false, expiry: 600 });
    await alice.connect({ clientId: 'laptop' });
    await (await tablet()).disconnect();
    assert.deepEqual(
      (await devicesOf(alice)).map(({ did }) => did),
      ['laptop', 'tablet'],
    );
    const watch = petrel.known(alice.uid).connect({ clientId: 'watch', clean: false, expiry: 600 });
    await (await watch).disconnect();
    assert.equal((await alice.api.delete('/devices/watch')).status, 204);
    await (await tablet()).disconnect();
    assert.equal((await alice.api.delete('/devices/tablet')).status, 204);
    assert.equal((await tablet()).connack.sessionPresent, false);
  });

  it('that are new are told to the others, once', async () => {
    const alice = await petrel.user('alice');
    const laptop = await alice.connect({ clientId: 'laptop' });
    const phone = () => petrel.known(alice.uid, { did: 'phone', plat: 'mobile' }).connect();
    await (await phone()).disconnect();
    const { ts, ...notice } = await laptop.notice('device');
    assert.ok(ts > 0);
    assert.deepEqual(notice, { type: 'device', action: 'signed-in', did: 'phone', platform: 'mobile' });
    await phone();
    await petrel.known(alice.uid).connect({ clientId: 'tablet' });
    assert.equal((await laptop.notice('device')).did, 'tablet');
  });

  it('end when they are removed: connections by 0x98, and nothing waits for them', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const from = await alice.connect();
    const phone = petrel.known(bob.uid, { did: 'phone' });
    const kept = { clean: false, expiry: 600 };
    const [here, there] = [
      await phone.connect({ ...kept, clientId: 'app' }),
      await phone.connect({ ...kept, clientId: 'widget' }),
    ];
    const other = await petrel.known(bob.uid).connect({ ...kept, clientId: 'laptop' });
    await there.disconnect();
    assert.equal((await bob.api.delete('/devices/phone')).status, 204);
    assert.equal((await here.ending())?.reasonCode, 0x98);
    let told = await other.notice('device');
    while (told.action === 'signed-in') told = await other.notice('device');
    assert.deepEqual([told.action, told.did], ['removed', 'phone']);
    await from.publish(`send/u/${bob.uid}`, textMessage('c-1', 'hi'));
    assert.equal((await other.event()).id, 'c-1');
    for (const clientId of ['app', 'widget']) {
      const again = await phone.connect({ ...kept, clientId });
      assert.equal(again.connack.sessionPresent, false);
      assert.deepEqual(await again.unexpectedEvents(), []);
      await again.drop();
    }
    assert.equal((await bob.api.delete('/devices/tablet')).status, 404);
  });

  it('stay removed, even if they had connected a moment before', async () => {
    const alice = await petrel.user('alice');
    const phone = await alice.connect({ clientId: 'phone' });
    assert.equal((await alice.api.delete('/devices/phone')).status, 204);
    assert.equal((await phone.ending())?.reasonCode, 0x98);
    await alice.connect({ clientId: 'tablet' });
    const devices = await until('the other one', async () => {
      const found = await devicesOf(alice);
      return found.length > 0 ? found : undefined;
    });
    assert.deepEqual(
      devices.map(({ did }) => did),
      ['tablet'],
    );
  });

  it('may remove themselves: the answer comes before the end', async () => {
    const login = { uid: 'selfmade', password: 'correct horse' };
    await petrel.api().post('/auth/register', login);
    const { body } = await petrel
      .api()
      .post('/auth/login', { ...login, device: 'phone', platform: 'mobile' });
    const password = String(body.accessToken);
    const selfmade = petrel.known('selfmade');
    const connecting = { clientId: 'phone-1', clean: false, expiry: 600, password };
    const client = await selfmade.connect(connecting);
    assert.deepEqual((await client.request('devices.remove', { did: 'phone' })).ok, true);
    assert.equal((await client.ending())?.reasonCode, 0x98);
    // The sign-in is revoked: its token, good for minutes yet, is refused.
    assert.equal((await selfmade.tryConnect(connecting)).reason, 0x86);
    const own = await selfmade.connect({ ...connecting, password: selfmade.token });
    assert.equal(own.connack.sessionPresent, false);
  });
});

describe('devices.policy single', () => {
  const petrel = new Petrel({ PETREL_DEVICES_POLICY: 'single' });
  before(() => petrel.start());
  after(() => petrel.remove());

  it('ends the older connection by 0x8E, whatever its device; the newer one is served at once', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const peer = await bob.connect({ version: 4 });
    const older = await alice.connect({ clientId: 'phone', clean: false, expiry: 600 });
    const newer = await alice.connect({ clientId: 'laptop' });
    assert.equal((await older.ending())?.reasonCode, 0x8e);
    await peer.publish(`send/u/${alice.uid}`, textMessage('c-1', 'hi'));
    assert.equal((await newer.event()).id, 'c-1');
    // The session of the other one is as after any end of its connection.
    const back = await alice.connect({ clientId: 'phone', clean: false, expiry: 600 });
    assert.equal(back.connack.sessionPresent, true);
    assert.equal((await back.event()).id, 'c-1');
    assert.equal((await newer.ending())?.reasonCode, 0x8e);
    assert.ok(peer.isOpen);
  });

  it('leaves exactly one of connects at once, and that one is served', async () => {
    for (let round = 0; round < 8; round++) {
      const alice = await petrel.user('alice');
      const clients = await Promise.all(
        Array.from({ length: 12 }, (_, i) =>
          alice
            .connect({ clientId: `c${i % 9}`, ...(i % 3 === 0 ? { clean: false, expiry: 60 } : {}) })
            .catch(() => undefined),
        ),
      );
      await until('one connection', () => openOf(clients).length === 1);
      await openOf(clients)[0]!.ping();
      assert.equal(openOf(clients).length, 1);
    }
  });
});

describe('devices.policy one-per-platform', () => {
  const petrel = new Petrel({ PETREL_DEVICES_POLICY: 'one-per-platform' });
  before(() => petrel.start());
  after(() => petrel.remove());

  it('ends the older connection of the same platform, and no other', async () => {
    const alice = await petrel.user('alice');
    const on = (plat: string | undefined, clientId: string) =>
      petrel.known(alice.uid, plat === undefined ? {} : { plat }).connect({ clientId });
    const [web, mobile, plain] = [
      await on('web', 'web-1'),
      await on('mobile', 'mobile-1'),
      await on(undefined, 'x-1'),
    ];
    await on('web', 'web-2');
    assert.equal((await web.ending())?.reasonCode, 0x8e);
    await on(undefined, 'x-2');
    assert.equal((await plain.ending())?.reasonCode, 0x8e);
    await mobile.ping();
    assert.ok(mobile.isOpen);
  });
});
