import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Identity } from '../../schemas/identity.ts';
import { startApi, type TestApi } from './server.ts';

describe('limits of requests', () => {
  let api: TestApi;
  let alice: Identity;

  before(async () => {
    api = await startApi({ limits: { requestPerSecond: 4, groupPerHour: 2 } });
    alice = await api.authenticator.verify(await api.token('alice'));
  });
  after(() => api.stop());

  const byMqtt = async (name: string, input: object = {}) => {
    const payload = Buffer.from(JSON.stringify(input));
    const answer = await api.rpc(name, payload, { identity: alice, address: '192.0.2.1' });
    return answer.ok ? undefined : answer.error;
  };
  const byHttp = async (url: string, token: string) =>
    api.http.inject({ url, headers: { authorization: `Bearer ${token}` } });

  it('are told with the time to wait by both doors, which share them', async () => {
    let error = await byMqtt('me.get');
    for (let i = 0; i < 100 && error === undefined; i++) error = await byMqtt('me.get');
    assert.equal(error?.code, 'request.rate');
    assert.equal(error.retryable, true);
    assert.ok(error.retryAfter! > 0 && error.retryAfter! <= 250, `${error.retryAfter}`);
    const token = await api.token('alice');
    // One or two may go through meanwhile, not the 20 of a bucket of their own.
    let response = await byHttp('/v1/me', token);
    for (let i = 0; i < 10 && response.statusCode === 200; i++) response = await byHttp('/v1/me', token);
    const problem = response.json() as Record<string, unknown>;
    assert.deepEqual(
      [response.statusCode, response.headers['retry-after'], problem.code],
      [429, '1', 'request.rate'],
    );
    assert.ok(typeof problem.retryAfter === 'number' && problem.retryAfter <= 250);
    assert.equal((await byHttp('/v1/me', await api.token('bob'))).statusCode, 200);
    api.pass(5000);
    assert.equal(await byMqtt('me.get'), undefined);
    api.pass(5000);
  });

  it('count what is no request too', async () => {
    const codes = new Set<string | undefined>();
    for (let i = 0; i < 100 && !codes.has('request.rate'); i++) {
      const answer = await api.rpc('nothing', Buffer.from(i % 2 ? '{}' : '}'), {
        identity: alice,
        address: '192.0.2.1',
      });
      codes.add(answer.ok ? undefined : answer.error.code);
    }
    assert.deepEqual([...codes], ['request.invalid', 'request.unknown-operation', 'request.rate']);
    api.pass(5000);
  });

  it('are those of the address where nobody is signed in', async () => {
    const anonymous = { uid: 'anonymous', scopes: new Set<string>(), expiresAt: Number.POSITIVE_INFINITY };
    const refresh = async (address: string, identity: Identity | undefined) => {
      const answer = await api.rpc('auth.refresh', Buffer.from('{"refreshToken":"x"}'), {
        identity,
        address,
      });
      return answer.ok ? undefined : answer.error.code;
    };
    const codes: (string | undefined)[] = [];
    while (!codes.includes('request.rate') && codes.length < 100)
      codes.push(await refresh('192.0.2.1', codes.length % 2 ? undefined : anonymous));
    assert.ok(codes.length > 20 && codes.length < 100, `${codes.length}`);
    assert.equal(await refresh('192.0.2.2', undefined), 'auth.bad-token');
    assert.equal(await byMqtt('me.get'), undefined);
    api.pass(5000);
  });

  it('of a kind of action are counted for it alone, and not for input that does not fit', async () => {
    assert.equal((await byMqtt('groups.create', {}))?.code, 'request.invalid');
    assert.equal(await byMqtt('groups.create', { name: 'one' }), undefined);
    assert.equal(await byMqtt('groups.create', { name: 'two' }), undefined);
    const error = await byMqtt('groups.create', { name: 'three' });
    assert.equal(error?.code, 'request.rate');
    assert.ok(error.retryAfter! > 1_790_000 && error.retryAfter! <= 1_800_000, `${error.retryAfter}`);
    assert.equal(await byMqtt('groups.list'), undefined);
  });

  it('of a kind are those of searches, requests for friendship and new groups', () => {
    const limited = api.operations.filter(({ limit }) => limit !== undefined);
    assert.deepEqual(Object.fromEntries(limited.map(({ name, limit }) => [name, limit])), {
      'users.search': 'search',
      'friends.request': 'friend-request',
      'groups.create': 'group',
    });
  });

  it('do not hold for scope admin', async () => {
    const token = await api.token('backend', { scope: 'admin' });
    for (let i = 0; i < 50; i++) assert.equal((await byHttp('/v1/me', token)).statusCode, 200);
  });
});
