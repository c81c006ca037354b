import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { ConnectionInfo } from '../../../schemas/connection.ts';
import { doors } from '../doors.ts';
import { type People, startPeople } from '../people.ts';

interface Device {
  readonly did: string;
  readonly platform?: string;
  readonly name?: string;
  readonly lastSeen: number;
  readonly online: boolean;
  readonly current: boolean;
}

for (const door of doors) {
  describe(`devices over ${door.name}`, () => {
    let people: People;
    before(async () => {
      people = await startPeople(door, []);
    });
    after(() => people.api.stop());

    /** A user of this name alone, with tokens for devices; the first is of the token that asks. */
    const user = async (uid: string, ...dids: string[]) => {
      const tokens = await Promise.all(dids.map((did) => people.api.token(uid, { did })));
      const ask = (name: string, input: object = {}, token = tokens[0]) => people.ask(name, input, token);
      await ask('me.get');
      return { tokens, ask };
    };
    const seen = (uid: string, did: string, more: object = {}) =>
      people.api.directory.seeDevice({ uid, did, lastSeen: 1000, ...more });
    const connected = (uid: string, did: string): ConnectionInfo => ({
      ...{ uid, did, clientId: did, address: '127.0.0.1', protocol: 5, transport: 'tcp', since: 1 },
    });
    const itemsOf = (answer: { data: object }) => (answer.data as { items: Device[] }).items;
    const messagesAbout = (uid: string) =>
      people.api.messages.filter(
        (message) =>
          (message.type === 'end' || (message.type === 'notice' && message.notice.type === 'device')) &&
          message.uid === uid,
      );

    it('are listed with where they are and when they were seen, in pages', async () => {
      const { ask } = await user('ann', 'd2');
      await seen('ann', 'd1', { platform: 'web', name: 'Laptop' });
      await seen('ann', 'd2');
      await seen('ann', 'client/3 é');
      await seen('ben', 'd9');
      people.api.connected.push(connected('ann', 'd2'), connected('ben', 'd1'));
      const items = itemsOf(await ask('devices.list'));
      assert.deepEqual(
        items.map(({ did, online, current }) => [did, online, current]),
        [
          ['client/3 é', false, false],
          ['d1', false, false],
          ['d2', true, true],
        ],
      );
      assert.deepEqual(items[1], {
        ...{ did: 'd1', platform: 'web', name: 'Laptop', lastSeen: 1000, online: false, current: false },
      });
      assert.ok(Math.abs(items[2]!.lastSeen - people.api.now()) < 10_000);
      const first = await ask('devices.list', { limit: 2 });
      assert.equal(itemsOf(first).length, 2);
      const rest = await ask('devices.list', { limit: 2, cursor: first.data.next });
      assert.deepEqual(
        itemsOf(rest).map(({ did }) => did),
        ['d2'],
      );
      assert.equal(rest.data.next, undefined);
    });

    it('are for their user alone', async () => {
      await user('cat', 'd1');
      await seen('cat', 'd1');
      const { ask } = await user('dan', 'd1');
      assert.deepEqual(itemsOf(await ask('devices.list')), []);
      const refused = await ask('devices.remove', { did: 'd1' });
      assert.equal(refused.code, 'device.not-found');
      if (refused.status !== undefined) assert.equal(refused.status, 404);
      assert.equal((await people.api.directory.devicesOf('cat')).length, 1);
    });

    it('are signed out: tokens, connections, stored sessions; the others are told', async () => {
      const { ask } = await user('eve', 'd1');
      const login = { uid: 'eva', password: 'correct horse' };
      await people.ask('auth.register', login);
      const eva = await people.ask('auth.login', { ...login, device: 'tablet', platform: 'mobile' });
      const phone = await people.ask('auth.login', { ...login, device: 'phone' });
      const [token, refreshToken] = [String(eva.data.accessToken), String(eva.data.refreshToken)];
      const removed = await people.ask('devices.remove', { did: 'tablet' }, String(phone.data.accessToken));
      assert.equal(removed.code, undefined);
      if (removed.status !== undefined) assert.equal(removed.status, 204);
      assert.deepEqual(messagesAbout('eva').slice(-2), [
        { type: 'end', uid: 'eva', did: 'tablet', forget: true, reason: 0x98 },
        {
          type: 'notice',
          uid: 'eva',
          notice: { type: 'device', action: 'removed', did: 'tablet', platform: 'mobile' },
          except: 'tablet',
        },
      ]);
      assert.ok(people.api.forgotten.includes('eva/tablet'));
      assert.equal((await people.ask('me.get', {}, token)).code, 'auth.bad-token');
      assert.equal((await people.ask('auth.refresh', { refreshToken })).code, 'auth.bad-token');
      assert.equal((await people.ask('me.get', {}, String(phone.data.accessToken))).code, undefined);
      const left = itemsOf(await people.ask('devices.list', {}, String(phone.data.accessToken)));
      assert.ok(!left.some(({ did }) => did === 'tablet'));
      assert.equal((await ask('devices.remove', { did: 'tablet' })).code, 'device.not-found');
    });

    it("may be the asker's own, or one that is connected and not recorded yet", async () => {
      const { ask } = await user('fay', 'd1', 'd2');
      await seen('fay', 'd1');
      people.api.connected.push(connected('fay', 'd 2/é'));
      assert.equal((await ask('devices.remove', { did: 'd 2/é' })).code, undefined);
      assert.equal((await ask('devices.remove', { did: 'd1' })).code, undefined);
      await setImmediate();
      assert.deepEqual(
        messagesAbout('fay').flatMap((message) => (message.type === 'end' ? [message.did] : [])),
        ['d 2/é', 'd1'],
      );
      assert.equal((await ask('devices.remove', { did: 'd1' })).code, 'device.not-found');
      assert.equal((await ask('devices.remove', { did: 'x'.repeat(257) })).code, 'request.invalid');
    });

    it('that sign in for the first time are told to the others', async () => {
      const login = { uid: 'gus', password: 'correct horse' };
      await people.ask('auth.register', login);
      for (let i = 0; i < 2; i++)
        await people.ask('auth.login', { ...login, device: 'phone', platform: 'mobile' });
      const told = people.api.messages.filter(
        (message) => message.type === 'notice' && message.uid === 'gus' && message.except === 'phone',
      );
      assert.deepEqual(told, [
        {
          type: 'notice',
          uid: 'gus',
          notice: { type: 'device', action: 'signed-in', did: 'phone', platform: 'mobile' },
          except: 'phone',
        },
      ]);
    });

    it('are called what they said when they signed in last', async () => {
      const login = { uid: 'kim', password: 'correct horse', device: 'd1' };
      const named = await people.ask('auth.register', { ...login, deviceName: 'Firefox on Linux' });
      assert.equal(named.code, undefined);
      const { ask } = await user('kim', 'd1');
      const asking = async () => itemsOf(await ask('devices.list')).map(({ name }) => name);
      assert.deepEqual(await asking(), ['Firefox on Linux']);
      await people.ask('auth.login', login);
      assert.deepEqual(await asking(), ['Firefox on Linux']);
      await people.ask('auth.login', { ...login, deviceName: 'Chrome on Linux' });
      assert.deepEqual(await asking(), ['Chrome on Linux']);
      const wrong = await people.ask('auth.login', { ...login, deviceName: 'a\nb' });
      assert.equal(wrong.code, 'request.invalid');
    });

    it("a user's profile says whether they are online, to those who may see it", async () => {
      const { ask } = await user('hal', 'd1');
      await user('ida', 'd1');
      people.api.presences.set('hal>ida', { online: true, ts: 7, platforms: ['web'] });
      assert.deepEqual((await ask('users.get', { uid: 'ida' })).data.presence, {
        online: true,
        ts: 7,
        platforms: ['web'],
      });
      assert.equal((await ask('users.get', { uid: 'hal' })).data.presence, undefined);
    });

    it('since when a user is invisible is kept until they are not', async () => {
      const { ask } = await user('jan', 'd1');
      const hiddenAt = async () => (await people.api.directory.absences(['jan'])).get('jan')?.hiddenAt ?? 0;
      await ask('me.update', { invisible: true });
      const since = await hiddenAt();
      assert.ok(Math.abs(since - people.api.now()) < 10_000);
      people.api.pass(20_000);
      await ask('me.update', { invisible: true, name: 'Jan' });
      assert.equal(await hiddenAt(), since);
      await ask('me.update', { invisible: false });
      assert.equal(await hiddenAt(), 0);
    });
  });
}
