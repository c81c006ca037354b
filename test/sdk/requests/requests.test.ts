import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { Credentials } from '../../../sdk/auth/credentials.ts';
import { ClientError } from '../../../sdk/errors.ts';
import { Requests } from '../../../sdk/requests.ts';
import { Petrel } from '../../support/petrel.ts';
import { mint } from '../../support/token.ts';

const withCode = (code: string) => (error: unknown) => error instanceof ClientError && error.code === code;

/** Tokens in turn; the last one for ever. Tells which were refused. */
function tokens(
  ...given: readonly string[]
): Pick<Credentials, 'token' | 'refused'> & { refusals: string[] } {
  const left = [...given];
  const refusals: string[] = [];
  return {
    refusals,
    token: async () => (left.length > 1 ? left.shift()! : left[0]!),
    refused: (token) => void refusals.push(token),
  };
}

describe('requests', () => {
  const petrel = new Petrel();
  before(() => petrel.start());
  after(() => petrel.remove());

  it('asks with members of the path, of the query and of the body', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const requests = new Requests({ url: petrel.url('http'), credentials: tokens(alice.token) });
    const conv = `u:${alice.uid}:${bob.uid}`;
    const sent = await requests.request('messages.send', {
      conv,
      id: 'm-1',
      type: 'text',
      body: { text: 'hi' },
    });
    assert.equal(sent.seq, 1);
    const { events } = await requests.request('history', { conv, limit: 1, raw: true });
    assert.equal(events[0]?.seq, 1);
    assert.equal(await requests.request('blocks.add', { uid: bob.uid }), null);
    assert.equal(await requests.request('blocks.remove', { uid: bob.uid }), null);
  });

  it('rejects with the code of the server', async () => {
    const alice = await petrel.user('alice');
    const requests = new Requests({ url: petrel.url('http'), credentials: tokens(alice.token) });
    await assert.rejects(requests.request('users.get', { uid: 'nobody' }), withCode('user.not-found'));
    await assert.rejects(requests.request('users.get', { uid: 'No Body' }), withCode('request.invalid'));
  });

  it('asks again with a fresh token where one was refused, once', async () => {
    const alice = await petrel.user('alice');
    const old = mint({ sub: alice.uid, exp: 1 });
    const given = tokens(old, alice.token);
    const requests = new Requests({ url: petrel.url('http'), credentials: given });
    assert.equal((await requests.request('me.get', {})).uid, alice.uid);
    assert.deepEqual(given.refusals, [old]);
    const bad = tokens('bad', 'worse');
    const others = new Requests({ url: petrel.url('http'), credentials: bad });
    await assert.rejects(others.request('me.get', {}), withCode('auth.bad-token'));
    assert.deepEqual(bad.refusals, ['bad']);
  });

  it('does not take a wrong password for a bad token', async () => {
    const uid = `carol-${process.pid}`;
    const { body } = await petrel.api().post<{ accessToken: string }>('/auth/register', {
      uid,
      password: 'a long password',
    });
    const given = tokens(body.accessToken);
    const requests = new Requests({ url: petrel.url('http'), credentials: given });
    const input = { password: 'another password', newPassword: 'a new password' };
    await assert.rejects(requests.request('me.password', input), withCode('auth.bad-credentials'));
    assert.deepEqual(given.refusals, []);
  });

  it('asks for open operations without a token', async () => {
    const requests = new Requests({
      url: petrel.url('http'),
      credentials: { token: () => assert.fail('a token was asked for'), refused: () => {} },
    });
    const input = { uid: 'nobody', password: 'a long password' };
    await assert.rejects(requests.request('auth.login', input), withCode('auth.bad-credentials'));
  });

  it('says that the server cannot be reached where nobody answers, or not in time', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const isOffline = (error: unknown) =>
      withCode('client.offline')(error) && (error as ClientError).retryable;
    const late = new Requests({ url, timeoutMs: 50, credentials: tokens('t') });
    await assert.rejects(late.request('me.get', {}), isOffline);
    silent.closeAllConnections();
    silent.close();
    await once(silent, 'close');
    const gone = new Requests({ url, credentials: tokens('t') });
    await assert.rejects(gone.request('me.get', {}), isOffline);
  });
});
