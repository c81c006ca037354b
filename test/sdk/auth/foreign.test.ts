import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { ClientError } from '../../../sdk/errors.ts';
import { Petrel } from '../../support/petrel.ts';
import { mint } from '../../support/token.ts';
import { Device } from './device.ts';

const withCode = (code: string) => (error: unknown) => error instanceof ClientError && error.code === code;

describe("sign-in with an application's tokens", () => {
  const petrel = new Petrel();
  const devices: Device[] = [];
  before(() => petrel.start());
  after(() => petrel.remove());
  afterEach(async () => {
    for (const device of devices.splice(0)) await device.close();
  });

  const device = () => {
    const made = new Device();
    devices.push(made);
    return made;
  };

  it('is who the token names, without asking the server', async () => {
    const token = async () => mint({ sub: 'alice', did: 'd-1' });
    const tab = await device().open('http://127.0.0.1:1', { token });
    assert.deepEqual(tab.auth.user.value, { uid: 'alice', did: 'd-1' });
    assert.deepEqual(tab.asked, []);
  });

  it('asks the server where the token is not in its own form, and remembers it for when it is away', async () => {
    const own = device();
    // Opaque to the client; the server is asked with a token that it takes.
    const token = async () => `${mint({ sub: 'bob', aud: 'petrel' })}`;
    const opaque = async () => 'opaque';
    const fetchAs: typeof fetch = async (to, request) =>
      fetch(to, { ...request, headers: { authorization: `Bearer ${await token()}` } });
    const url = petrel.url('http');
    const tab = await own.open(url, { token: opaque, http: { url, fetch: fetchAs } });
    assert.equal(tab.auth.user.value?.uid, 'bob');
    assert.deepEqual(tab.asked, ['/v1/me']);
    await tab.close();
    const away = await own.open('http://127.0.0.1:1', { token: opaque });
    assert.equal(away.auth.user.value?.uid, 'bob');
  });

  it('asks for another token where one was refused, once for all, and tells where there is none', async () => {
    let count = 0;
    let isOut = false;
    const token = async () => {
      if (isOut) throw new Error('backend away');
      return mint({ sub: 'carol', jti: `${++count}` });
    };
    const tab = await device().open(petrel.url('http'), { token });
    const first = await tab.auth.token();
    tab.auth.refused(first);
    const [second, third] = await Promise.all([tab.auth.token(), tab.auth.token()]);
    assert.ok(second === third && second !== first && count === 2);
    isOut = true;
    tab.auth.refused(second);
    await assert.rejects(
      tab.auth.token(),
      (error) => withCode('client.no-token')(error) && (error as ClientError).retryable,
    );
  });

  it('forgets what another user has left, and all when it signs out', async () => {
    const own = device();
    const url = petrel.url('http');
    const first = await own.open(url, { token: async () => mint({ sub: 'dora' }) });
    const did = await first.auth.device();
    await own.storage.write([{ table: 'meta', key: 'a', value: 1 }]);
    await first.close();
    const second = await own.open(url, { token: async () => mint({ sub: 'erik' }) });
    assert.equal(await own.storage.get('meta', 'a'), undefined);
    await own.storage.write([{ table: 'meta', key: 'b', value: 1 }]);
    await second.auth.signOut();
    assert.equal(await own.storage.get('meta', 'b'), undefined);
    assert.deepEqual(second.ends, ['asked']);
    assert.equal(await second.auth.device(), did);
    await assert.rejects(second.auth.token(), withCode('client.signed-out'));
    await assert.rejects(second.auth.signIn({ uid: 'a', password: 'b' }), withCode('client.not-here'));
  });
});
