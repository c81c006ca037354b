import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { RpcAnswer } from '../../api/rpc.ts';
import { errors } from '../../schemas/errors.ts';
import type { Identity } from '../../schemas/identity.ts';
import { startApi, type TestApi } from './server.ts';

describe('the MQTT door', () => {
  let api: TestApi;
  let identity: Identity;

  before(async () => {
    api = await startApi();
    identity = await api.authenticator.verify(await api.token('alice', { did: 'd1' }));
  });
  after(() => api.stop());

  const ask = (name: string, payload: string | Buffer, who: Identity | undefined = identity) =>
    api.rpc(name, Buffer.from(payload as string), { identity: who, address: '127.0.0.1' });
  const code = (answer: RpcAnswer) => (answer.ok ? undefined : answer.error.code);

  it('takes an empty payload as an empty input', async () => {
    const answer = await ask('me.get', '');
    assert.equal(answer.ok && (answer.data as { uid: string }).uid, 'alice');
  });

  it('answers an unknown operation with its error', async () => {
    for (const name of ['nothing', '', 'me.get.x', '__proto__', 'constructor'])
      assert.equal(code(await ask(name, '{}')), 'request.unknown-operation');
  });

  it('answers payloads that are no JSON object with request.invalid', async () => {
    for (const payload of ['{', '[]', 'null', '7', 'text', Buffer.from([0x7b, 0xff, 0x7d])])
      assert.equal(code(await ask('me.get', payload)), 'request.invalid');
  });

  it('gives the rid back, with an answer and with an error', async () => {
    const { data: _, ...answer } = (await ask('me.get', '{"rid":"r-1"}')) as Extract<RpcAnswer, { ok: true }>;
    assert.deepEqual(answer, { ok: true, rid: 'r-1' });
    assert.deepEqual(await ask('users.get', '{"rid":7,"uid":"nobody"}'), {
      ok: false,
      error: { code: 'user.not-found', message: errors['user.not-found'].message, retryable: false },
      rid: 7,
    });
    assert.equal(code(await ask('me.get', '{"rid":{}}')), 'request.invalid');
  });

  it('answers null where there is nothing to tell', async () => {
    assert.deepEqual(await ask('auth.logout', '{}'), { ok: true, data: null });
  });

  it('lets anonymous clients ask only what needs no token', async () => {
    const anonymous = { uid: 'anonymous', scopes: new Set<string>(), expiresAt: Number.POSITIVE_INFINITY };
    assert.equal(code(await ask('me.get', '{}', anonymous)), 'auth.forbidden');
    const login = JSON.stringify({ uid: 'nobody', password: 'any' });
    assert.equal(code(await ask('auth.login', login, anonymous)), 'auth.bad-credentials');
  });

  it('renews the connection with a refreshed session of the same user, and of no other', async () => {
    const { session, identity: own } = await api.accounts.register({ uid: 'renewer', password: 'pass word' });
    const renewed: Identity[] = [];
    const refresh = async (refreshToken: string, who: Identity) => {
      const caller = { identity: who, address: '', renew: (next: Identity) => void renewed.push(next) };
      const answer = await api.rpc('auth.refresh', Buffer.from(JSON.stringify({ refreshToken })), caller);
      return (answer.ok ? answer.data : undefined) as { refreshToken: string; accessToken: string };
    };
    const next = await refresh(session.refreshToken, own);
    assert.deepEqual(renewed, [await api.authenticator.verify(next.accessToken)]);
    await refresh(next.refreshToken, identity);
    assert.equal(renewed.length, 1);
  });
});
