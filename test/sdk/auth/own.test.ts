import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { ClientError } from '../../../sdk/errors.ts';
import { memoryStorage } from '../../../sdk/storage/memory.ts';
import { Petrel } from '../../support/petrel.ts';
import { until } from '../../support/until.ts';
import { Device } from './device.ts';

const password = 'a long password';
const refresh = '/v1/auth/refresh';
const withCode = (code: string) => (error: unknown) => error instanceof ClientError && error.code === code;

describe('sign-in with a password', () => {
  const petrel = new Petrel();
  const devices: Device[] = [];
  let count = 0;
  before(() => petrel.start());
  after(() => petrel.remove());
  afterEach(async () => {
    for (const device of devices.splice(0)) await device.close();
  });

  const device = (storage?: ConstructorParameters<typeof Device>[0]): Device => {
    const made = new Device(storage);
    devices.push(made);
    return made;
  };

  /** A browser with one tab, in which a new user is signed in. */
  const signedIn = async () => {
    const uid = `user-${++count}`;
    const own = device();
    const tab = await own.open(petrel.url('http'));
    await tab.auth.register({ uid, password });
    return { uid, own, tab };
  };

  /** Whether the server takes it. */
  const works = async (token: string) => (await petrel.api(token).get('/me')).status === 200;

  it('registers, and has a token that works', async () => {
    const { uid, tab } = await signedIn();
    assert.equal(tab.auth.user.value?.uid, uid);
    assert.ok(await works(await tab.auth.token()));
  });

  it('signs in as the device that it is, also after signing out and as another user', async () => {
    const { uid, tab } = await signedIn();
    const did = tab.auth.user.value?.did;
    await tab.auth.signOut();
    await tab.auth.signIn({ uid, password });
    assert.equal(tab.auth.user.value?.did, did);
    assert.equal(await tab.auth.device(), did);
    await tab.auth.signOut();
    await tab.auth.register({ uid: `${uid}-b`, password });
    assert.equal(await tab.auth.device(), tab.auth.user.value?.did);
  });

  it('refuses a wrong password with the code of the server, and stays signed out', async () => {
    const { uid, tab } = await signedIn();
    await tab.auth.signOut();
    await assert.rejects(
      tab.auth.signIn({ uid, password: 'another password' }),
      withCode('auth.bad-credentials'),
    );
    assert.equal(tab.auth.user.value, undefined);
    await assert.rejects(tab.auth.token(), withCode('client.signed-out'));
  });

  it('takes up its sign-in without a network, and asks with the token that it has', async () => {
    const { uid, own, tab } = await signedIn();
    await tab.close();
    const next = await own.open('http://127.0.0.1:1');
    assert.equal(next.auth.user.value?.uid, uid);
    assert.ok(await works(await next.auth.token()));
    assert.deepEqual(next.asked, []);
  });

  it('keeps no token in the clear where there are keys', async () => {
    const { own, tab } = await signedIn();
    const kept = JSON.stringify(await own.storage.range('session'));
    const token = await tab.auth.token();
    assert.ok(!kept.includes(token.slice(-40)) && !kept.includes('refreshToken'), kept);
  });

  it('keeps the refresh token alone where there are no keys', async () => {
    const { own, tab } = await signedIn();
    await tab.close();
    const uid = `user-${++count}`;
    const bare = device(memoryStorage());
    const plain = await bare.open(petrel.url('http'), { encrypts: false });
    await plain.auth.register({ uid, password });
    const token = await plain.auth.token();
    assert.ok(!JSON.stringify(await bare.storage.range('session')).includes(token.slice(-40)));
    await plain.close();
    const next = await bare.open(petrel.url('http'), { encrypts: false });
    assert.equal(next.auth.user.value?.uid, uid);
    assert.ok(await works(await next.auth.token()));
    assert.deepEqual(next.asked, [refresh]);
    assert.ok(own);
  });

  it('renews a token that the server has refused, once for all who ask', async () => {
    const { tab } = await signedIn();
    const old = await tab.auth.token();
    tab.auth.refused(old);
    const tokens = await Promise.all([tab.auth.token(), tab.auth.token(), tab.auth.token()]);
    assert.equal(new Set(tokens).size, 1);
    assert.notEqual(tokens[0], old);
    assert.ok(await works(tokens[0]));
    assert.equal(tab.asked.filter((path) => path === refresh).length, 1);
  });

  it('gives all tabs the sign-in, its renewals and its end', async () => {
    const uid = `user-${++count}`;
    const own = device();
    const url = petrel.url('http');
    const [first, second] = [await own.open(url), await own.open(url)];
    await first.auth.register({ uid, password });
    await until('the sign-in in the other tab', () => second.auth.user.value?.uid === uid);
    const old = await second.auth.token();
    const renewed: string[] = [];
    second.auth.onRenewed((token) => renewed.push(token));
    first.auth.refused(old);
    const fresh = await first.auth.token();
    await until('the renewal in the other tab', () => renewed.includes(fresh));
    assert.equal(await second.auth.token(), fresh);
    await second.auth.signOut();
    await until('the end in the first tab', () => first.auth.user.value === undefined);
    assert.deepEqual([first.ends, second.ends], [['asked'], ['asked']]);
    assert.ok(!(await works(fresh)));
  });

  it('uses no refresh token twice where tabs refresh at once', async () => {
    const { own, tab } = await signedIn();
    const url = petrel.url('http');
    const tabs = [tab, await own.open(url), await own.open(url), await own.open(url)];
    for (let round = 0; round < 5; round++) {
      const before = await tab.auth.token();
      await until('one token everywhere', async () =>
        (await Promise.all(tabs.map(({ auth }) => auth.token()))).every((token) => token === before),
      );
      for (const { auth } of tabs) auth.refused(before);
      const tokens = await Promise.all(tabs.map(({ auth }) => auth.token()));
      assert.ok((await Promise.all(tokens.map(works))).every(Boolean));
    }
    assert.deepEqual(
      tabs.flatMap(({ ends }) => ends),
      [],
    );
  });

  it('keeps the sign-in while the server cannot be reached, and renews when it can', async () => {
    const { uid, tab, own } = await signedIn();
    await tab.close();
    let isOut = true;
    const fetchOrNot: typeof fetch = async (to, request) => {
      if (isOut) throw new TypeError('fetch failed');
      return fetch(to, request);
    };
    const next = await own.open(petrel.url('http'), { http: { url: petrel.url('http'), fetch: fetchOrNot } });
    next.auth.refused(await next.auth.token());
    await assert.rejects(next.auth.token(), withCode('client.offline'));
    assert.equal(next.auth.user.value?.uid, uid);
    isOut = false;
    assert.ok(await works(await next.auth.token()));
  });

  it('keeps the sign-in where the answer to a refresh was lost, also when the page was closed over it', async () => {
    const { uid, tab, own } = await signedIn();
    await tab.close();
    let lost = 0;
    const loses: typeof fetch = async (to, request) => {
      const answer = await fetch(to, request);
      if (!String(to).endsWith(refresh)) return answer;
      await answer.text();
      lost++;
      throw new TypeError('connection lost');
    };
    const next = await own.open(petrel.url('http'), { http: { url: petrel.url('http'), fetch: loses } });
    next.auth.refused(await next.auth.token());
    for (let i = 0; i < 3; i++) await assert.rejects(next.auth.token(), withCode('client.offline'));
    assert.equal(lost, 3);
    await next.close();
    const reloaded = await own.open(petrel.url('http'));
    reloaded.auth.refused(await reloaded.auth.token());
    assert.ok(await works(await reloaded.auth.token()));
    reloaded.auth.refused(await reloaded.auth.token());
    assert.ok(await works(await reloaded.auth.token()));
    assert.equal(reloaded.auth.user.value?.uid, uid);
  });

  it('registers as the device and platform that it is', async () => {
    const tab = await device().open(petrel.url('http'), { platform: 'web' });
    const did = await tab.auth.device();
    await tab.auth.register({ uid: `user-${++count}`, password });
    assert.equal(tab.auth.user.value?.did, did);
    const { body } = await petrel.api(await tab.auth.token()).get<{ items: object[] }>('/devices');
    assert.deepEqual(
      body.items.map((item) => ({ ...item, lastSeen: 0 })),
      [{ did, platform: 'web', lastSeen: 0, online: false, current: true }],
    );
  });

  it('ends where a refresh token was used up by somebody else, and keeps what is not of the sign-in', async () => {
    const { uid, own, tab } = await signedIn();
    await own.storage.write([{ table: 'meta', key: 'a', value: 1 }]);
    const thief = device(own.storage);
    const other = await thief.open(petrel.url('http'));
    // Another browser with the same storage, which does not hear of this one's renewals.
    await own.storage.write([]);
    const sealed = await own.storage.get('session', 'sign-in');
    other.auth.refused(await other.auth.token());
    await other.auth.token();
    await own.storage.write([{ table: 'session', key: 'sign-in', value: sealed }]);
    tab.auth.refused(await tab.auth.token());
    await assert.rejects(tab.auth.token(), withCode('client.signed-out'));
    assert.deepEqual(tab.ends, ['expired']);
    assert.equal(await own.storage.get('meta', 'a'), 1);
    await tab.auth.signIn({ uid, password });
    assert.equal(await own.storage.get('meta', 'a'), 1);
  });

  it('gives nobody what another user has left', async () => {
    const { uid, own, tab } = await signedIn();
    await own.storage.write([{ table: 'meta', key: 'a', value: 1 }]);
    await own.storage.write([{ table: 'session', key: 'sign-in', delete: true }]);
    await tab.close();
    const next = await own.open(petrel.url('http'));
    assert.equal(next.auth.user.value, undefined);
    await next.auth.register({ uid: `${uid}-b`, password });
    assert.equal(await own.storage.get('meta', 'a'), undefined);
  });

  it('ends and forgets where the device was signed out from another one', async () => {
    const { uid, own, tab } = await signedIn();
    await own.storage.write([{ table: 'meta', key: 'a', value: 1 }]);
    const other = await device().open(petrel.url('http'));
    await other.auth.signIn({ uid, password });
    const did = tab.auth.user.value?.did;
    const { status } = await petrel.api(await other.auth.token()).delete(`/devices/${did}`);
    assert.equal(status, 204);
    const old = await tab.auth.token();
    assert.ok(!(await works(old)));
    tab.auth.refused(old);
    await assert.rejects(tab.auth.token(), withCode('client.signed-out'));
    await until('everything forgotten', async () => (await own.storage.get('meta', 'a')) === undefined);
    assert.deepEqual(tab.ends, ['removed']);
    assert.equal(await tab.auth.device(), did);
  });

  it('signs every device out where it is asked to, or says that it could not', async () => {
    const { uid, own, tab } = await signedIn();
    const other = await device().open(petrel.url('http'));
    await other.auth.signIn({ uid, password });
    const token = await other.auth.token();
    const away = await own.open('http://127.0.0.1:1');
    await assert.rejects(away.auth.signOut({ all: true }), withCode('client.offline'));
    assert.equal(away.auth.user.value?.uid, uid);
    await tab.auth.signOut({ all: true });
    assert.ok(!(await works(token)));
  });

  it('signs out here where the server cannot be told', async () => {
    const { own, tab } = await signedIn();
    await tab.close();
    const away = await own.open('http://127.0.0.1:1');
    await away.auth.signOut();
    assert.equal(away.auth.user.value, undefined);
    assert.equal((await own.open(petrel.url('http'))).auth.user.value, undefined);
  });

  it('goes on from memory where the new token could not be kept', async () => {
    const { own, tab } = await signedIn();
    await tab.close();
    let isFull = false;
    const storage = Object.create(own.storage, {
      get: { value: own.storage.get.bind(own.storage) },
      write: {
        value: async (changes: Parameters<typeof own.storage.write>[0]) => {
          if (isFull) throw new ClientError('client.storage', 'Full.');
          await own.storage.write(changes);
        },
      },
    }) as typeof own.storage;
    const next = await own.open(petrel.url('http'), { storage });
    isFull = true;
    next.auth.refused(await next.auth.token());
    const second = await next.auth.token();
    next.auth.refused(second);
    assert.ok(await works(await next.auth.token()));
    assert.ok(next.errors.length >= 2);
    assert.deepEqual(next.ends, []);
  });
});

describe('renewal', () => {
  const petrel = new Petrel({ PETREL_AUTH_ACCESS_TTL: '2' });
  before(() => petrel.start());
  after(() => petrel.remove());

  it('renews before the token ends, in one tab for all, and again', async () => {
    const own = new Device();
    const url = petrel.url('http');
    const tabs = [await own.open(url), await own.open(url)];
    await tabs[0]!.auth.register({ uid: 'alice', password });
    const seen = new Set<string>();
    tabs[1]!.auth.onRenewed((token) => seen.add(token));
    await until('three renewals', async () => {
      const { status } = await petrel.api(await tabs[0]!.auth.token()).get('/me');
      assert.equal(status, 200);
      return seen.size >= 3;
    });
    const refreshes = tabs.flatMap(({ asked }) => asked).filter((path) => path === refresh).length;
    assert.ok(refreshes <= seen.size + 1, `${refreshes} refreshes for ${seen.size} tokens`);
    assert.deepEqual(
      tabs.flatMap(({ ends }) => ends),
      [],
    );
    await own.close();
  });
});
