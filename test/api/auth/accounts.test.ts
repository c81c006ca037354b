import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Directory } from '../../../store/directory.ts';
import { startApi, type TestApi } from '../server.ts';

const password = 'correct horse';

describe('a sign-in while the account changes', () => {
  let api: TestApi;
  before(async () => {
    api = await startApi();
  });
  after(() => api.stop());

  /** Signs in; between the check of the password and the new sign-in `change` happens. Answers what became of it. */
  async function signInDuring(uid: string, change: (directory: Directory) => Promise<unknown>) {
    const { directory, accounts } = api;
    await accounts.register({ uid, password });
    const { createFamily } = directory;
    let sid = '';
    directory.createFamily = async (family) => {
      directory.createFamily = createFamily;
      await change(directory);
      sid = family.sid;
      await createFamily(family);
    };
    await assert.rejects(accounts.login({ uid, password, address: '127.0.0.1' }), {
      code: 'auth.bad-credentials',
    });
    return directory.getFamily(sid);
  }

  it('does not outlive a change of password', async () => {
    const family = await signInDuring('alice', async (directory) => {
      const { passwordHash } = (await directory.getUser('alice'))!;
      const changed = { from: passwordHash!, to: 'another hash' };
      assert.ok(await directory.changePassword('alice', changed, undefined, api.now()));
    });
    assert.ok(family!.revokedAt > 0);
  });

  it('does not outlive a removal', async () => {
    const family = await signInDuring('bob', (directory) =>
      directory.removeUser({ uid: 'bob', id: 'r1', by: 'bob', at: api.now() }),
    );
    assert.ok(family!.revokedAt > 0);
  });
});

describe('a refresh that is asked for again', () => {
  const nonce = 'n'.repeat(43);
  let api: TestApi;
  before(async () => {
    api = await startApi();
  });
  after(() => api.stop());

  const register = async (uid: string) => (await api.accounts.register({ uid, password })).session;
  const reused = { code: 'auth.refresh-reused' };

  it('is answered with the same token where the nonce is the same, also at the same time', async () => {
    const { accounts } = api;
    const { refreshToken } = await register('alice');
    const answers = await Promise.all([1, 2, 3].map(() => accounts.refresh(refreshToken, nonce)));
    answers.push(await accounts.refresh(refreshToken, nonce));
    const tokens = new Set(answers.map(({ session }) => session.refreshToken));
    assert.equal(tokens.size, 1);
    for (const { session } of answers) await api.authenticator.verify(session.accessToken);
    await accounts.refresh([...tokens][0]!, nonce);
  });

  it('ends the sign-in where the token that was answered has been used', async () => {
    const { accounts } = api;
    const { refreshToken } = await register('bob');
    const { session } = await accounts.refresh(refreshToken, nonce);
    const next = await accounts.refresh(session.refreshToken, nonce);
    await assert.rejects(accounts.refresh(refreshToken, nonce), reused);
    await assert.rejects(accounts.refresh(next.session.refreshToken, nonce), { code: 'auth.bad-token' });
    await assert.rejects(accounts.refresh(session.refreshToken, nonce), { code: 'auth.bad-token' });
  });

  it('ends the sign-in with another nonce or with none, and knows no token by its nonce alone', async () => {
    const { accounts } = api;
    for (const [uid, second] of [
      ['carol', `x${nonce}`],
      ['dave', undefined],
    ] as const) {
      const { refreshToken } = await register(uid);
      await accounts.refresh(refreshToken, nonce);
      await assert.rejects(accounts.refresh(refreshToken, second), reused);
    }
    const { refreshToken } = await register('erin');
    const [sid, secret] = refreshToken.split('.');
    await assert.rejects(accounts.refresh(`${sid}.${nonce}`, secret), reused);
  });
});

describe('tokens of removed users', () => {
  it('are refused where the removal was before the start, or elsewhere', async () => {
    const api = await startApi();
    try {
      const { directory, authenticator } = api;
      const removal = { id: 'r1', by: 'operator', at: api.now() - 86_400_000 };
      await directory.ensureUsers(['carol', 'dave'], 1);
      await directory.removeUser({ ...removal, uid: 'carol' });
      await assert.rejects(authenticator.verify(await api.token('carol')), { code: 'auth.bad-token' });
      await authenticator.verify(await api.token('dave'));
      await directory.removeUser({ ...removal, uid: 'dave', at: api.now() });
      api.publish({ type: 'stale', user: 'dave' });
      await assert.rejects(authenticator.verify(await api.token('dave')), { code: 'auth.bad-token' });
      assert.equal((await directory.getUser('carol'))?.removedAt, removal.at);
    } finally {
      await api.stop();
    }
  });
});
