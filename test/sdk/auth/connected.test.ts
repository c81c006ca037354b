import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { Petrel } from '../../support/petrel.ts';
import { expiresIn, mint } from '../../support/token.ts';
import { until } from '../../support/until.ts';
import { Line } from '../transport/line.ts';
import { Device, type Tab } from './device.ts';

const password = 'a long password';

describe('sign-in and connection', () => {
  const petrel = new Petrel({ PETREL_AUTH_ACCESS_TTL: '3' });
  const ends: (() => Promise<void>)[] = [];
  before(() => petrel.start());
  after(() => petrel.remove());
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  const device = () => {
    const made = new Device();
    ends.push(() => made.close());
    return made;
  };

  /** The connection of a tab. */
  const connected = async ({ auth }: Tab): Promise<Line> => {
    const line = new Line({
      url: petrel.url('ws'),
      credentials: auth,
      clientId: async () => `web-${await auth.device()}`,
    });
    ends.push(() => line.connection.stop());
    return line.online();
  };

  it('keeps the connection over the end of its tokens, also where another tab renews', async () => {
    const own = device();
    const tabs = [await own.open(petrel.url('http')), await own.open(petrel.url('http'))];
    await tabs[0]!.auth.register({ uid: 'alice', password });
    const first = await tabs[0]!.auth.token();
    const line = await connected(tabs[0]!);
    let count = 0;
    tabs[0]!.auth.onRenewed(() => count++);
    await until('three renewals', () => count >= 3, 20_000);
    assert.equal((await petrel.api(first).get('/me')).status, 401);
    await line.say('alice', 'still here');
    assert.deepEqual([line.connects, tabs[0]!.ends], [1, []]);
  });

  it('ends with the sign-in when the device is signed out from another one', async () => {
    const tab = await device().open(petrel.url('http'));
    await tab.auth.register({ uid: 'bob', password });
    const line = await connected(tab);
    const other = await device().open(petrel.url('http'));
    await other.auth.signIn({ uid: 'bob', password });
    const { status } = await petrel
      .api(await other.auth.token())
      .delete(`/devices/${tab.auth.user.value?.did}`);
    assert.equal(status, 204);
    await until('the end', () => line.connection.state.value === 'off');
    assert.deepEqual(tab.ends, ['removed']);
    assert.equal(tab.auth.user.value, undefined);
  });

  it('ends as asked where another tab signs out, all devices too', async () => {
    const own = device();
    const tabs = [await own.open(petrel.url('http')), await own.open(petrel.url('http'))];
    await tabs[0]!.auth.register({ uid: 'carol', password });
    const line = await connected(tabs[0]!);
    await until('the sign-in in the other tab', () => tabs[1]!.auth.user.value);
    await tabs[1]!.auth.signOut({ all: true });
    await until('the end', () => line.connection.state.value === 'off');
    assert.deepEqual(
      tabs.map((tab) => tab.ends),
      [['asked'], ['asked']],
    );
  });

  it('stays signed in where an operator ended the connection alone', async () => {
    const tab = await device().open(petrel.url('http'));
    await tab.auth.register({ uid: 'dora', password });
    const line = await connected(tab);
    const admin = petrel.known('operator', { scope: 'admin' });
    await admin.api.post('/admin/users/dora/kick', {});
    await line.again(2);
    assert.deepEqual(tab.ends, []);
  });

  it('ends where the user is banned, and keeps what is theirs', async () => {
    const own = device();
    const tab = await own.open(petrel.url('http'));
    await tab.auth.register({ uid: 'erik', password });
    await own.storage.write([{ table: 'meta', key: 'a', value: 1 }]);
    const line = await connected(tab);
    const admin = petrel.known('operator', { scope: 'admin' });
    await admin.api.put('/admin/users/erik/ban', {});
    await until('the end', () => line.connection.state.value === 'off', 20_000);
    assert.deepEqual(tab.ends, ['expired']);
    assert.equal((tab.errors[0] as { code?: string }).code, 'auth.banned');
    assert.equal(await own.storage.get('meta', 'a'), 1);
  });

  it("goes on under the tokens of an application's own, asked for before each ends", async () => {
    const tokens: string[] = [];
    const token = async () => {
      tokens.push(mint({ sub: 'frida', exp: expiresIn(2) }));
      return tokens.at(-1)!;
    };
    const tab = await device().open(petrel.url('http'), { token });
    assert.deepEqual(tab.auth.user.value, { uid: 'frida' });
    const line = await connected(tab);
    await until('three tokens', () => tokens.length >= 4, 20_000);
    assert.equal((await petrel.api(tokens[0]).get('/me')).status, 401);
    await line.say('frida', 'still here');
    assert.equal(line.connects, 1);
    await tab.auth.signOut();
    await until('the end', () => line.connection.state.value === 'off');
  });
});
