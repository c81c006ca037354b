import assert from 'node:assert/strict';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { PetrelError } from '../../../schemas/errors.ts';
import { startApi, type TestApi, testSecret } from '../server.ts';

const seconds = () => Math.floor(Date.now() / 1000);
const secret = new TextEncoder().encode(testSecret);

const signed = (
  payload: JWTPayload,
  key: CryptoKey | Uint8Array,
  header: { alg: string; kid?: string; typ?: string },
): Promise<string> => new SignJWT({ exp: seconds() + 60, ...payload }).setProtectedHeader(header).sign(key);

const hs = (payload: JWTPayload, typ?: string): Promise<string> =>
  signed(payload, secret, { alg: 'HS256', ...(typ !== undefined && { typ }) });

describe('the authenticator', () => {
  let dir: string;
  let api: TestApi;
  let jwks: Server;
  let served: object[] = [];
  let fetches = 0;
  let file: { privateKey: CryptoKey; publicKey: CryptoKey };
  let remote: { privateKey: CryptoKey; publicKey: CryptoKey };
  let keyFile: string;

  const refused = (token: string | Promise<string>, code: string) =>
    assert.rejects(
      async () => api.authenticator.verify(await token),
      (error) => error instanceof PetrelError && error.code === code,
    );
  const bad = (token: string | Promise<string>) => refused(token, 'auth.bad-token');
  const verify = async (token: string | Promise<string>) => api.authenticator.verify(await token);
  const publicJwk = async (key: CryptoKey, kid: string) => ({ ...(await exportJWK(key)), kid });

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'petrel-auth-'));
    file = await generateKeyPair('EdDSA', { extractable: true });
    remote = await generateKeyPair('RS256', { extractable: true });
    keyFile = join(dir, 'jwks.json');
    await writeFile(keyFile, JSON.stringify({ keys: [await publicJwk(file.publicKey, 'f1')] }));
    served = [await publicJwk(remote.publicKey, 'r1')];
    jwks = createServer((_, response) => {
      fetches += 1;
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: served }));
    });
    await new Promise<void>((resolve) => jwks.listen(0, '127.0.0.1', resolve));
    const { port } = jwks.address() as AddressInfo;
    api = await startApi({
      auth: {
        issuers: [
          { issuer: 'https://file.example', jwksFile: keyFile, audience: 'chat' },
          { issuer: 'https://remote.example', jwksUri: `http://127.0.0.1:${port}/jwks`, uidClaim: 'handle' },
          { issuer: 'https://away.example', jwksUri: 'http://127.0.0.1:1/jwks' },
        ],
      },
    });
  });
  after(async () => {
    await api.stop();
    jwks.close();
    await rm(dir, { recursive: true });
  });

  it('reads uid, device, platform, scopes and end from a token', async () => {
    const exp = seconds() + 60;
    const token = await hs({ sub: 'ann', did: 'd:1', plat: 'iot', scope: 'admin  other', exp });
    assert.deepEqual(await verify(token), {
      uid: 'ann',
      did: 'd:1',
      platform: 'iot',
      scopes: new Set(['admin', 'other']),
      expiresAt: exp * 1000,
    });
    assert.equal((await api.directory.getUser('ann'))?.origin, 'token');
  });

  it('takes tokens of the secret with iss and aud of petrel or without, typ JWT or none', async () => {
    for (const payload of [{}, { iss: 'petrel' }, { aud: 'petrel' }, { aud: ['other', 'petrel'] }])
      for (const typ of [undefined, 'JWT'])
        assert.equal((await verify(hs({ sub: 'ann', ...payload }, typ))).uid, 'ann');
    await bad(hs({ sub: 'ann', iss: 'other' }));
    await bad(hs({ sub: 'ann', aud: 'other' }));
    await bad(hs({ sub: 'ann' }, 'at+jwt'));
  });

  it('refuses what is not a token, or not signed by whom it says', async () => {
    for (const text of ['', 'x', 'a.b.c', '...', 'x'.repeat(9000)]) await bad(text);
    const token = await hs({ sub: 'ann' });
    await bad(`${token.slice(0, -3)}AAA`);
    const other = new TextEncoder().encode('another secret of more than 32 bytes....');
    await bad(signed({ sub: 'ann' }, other, { alg: 'HS256' }));
    await bad(signed({ sub: 'ann' }, secret, { alg: 'HS512' }));
    await bad(new UnsecuredJWT({ sub: 'ann', exp: seconds() + 60 }).encode());
    const [, body] = token.split('.');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    await bad(`${none}.${body}.`);
    await bad(hs({ sub: 'ann', long: 'x'.repeat(8192) }));
  });

  it('refuses a token without an end, and one that has ended, to the second', async () => {
    await bad(new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).setSubject('ann').sign(secret));
    await refused(hs({ sub: 'ann', exp: seconds() - 1 }), 'auth.expired');
    await refused(hs({ sub: 'ann', exp: seconds() - 3600 }), 'auth.expired');
    await bad(hs({ sub: 'ann', nbf: seconds() + 600 }));
    const token = await hs({ sub: 'ann', exp: seconds() + 30 });
    await verify(token);
    api.pass(31_000);
    await refused(token, 'auth.expired');
    api.pass(-31_000);
  });

  it('refuses a uid, device or platform that cannot be one', async () => {
    for (const sub of ['', 'Ann', '-ann', 'a/b', 'x'.repeat(65), 'anonymous', 'system'])
      await bad(hs({ sub }));
    await bad(hs({}));
    await bad(hs({ sub: 7 as unknown as string }));
    for (const did of ['', 'a b', 'x'.repeat(65), 7]) await bad(hs({ sub: 'ann', did }));
    for (const plat of ['', 'phone', 7]) await bad(hs({ sub: 'ann', plat }));
    await bad(hs({ sub: 'ann', scope: ['admin'] }));
  });

  it('takes its own tokens by the key they name alone', async () => {
    const own = await api.keys.sign({ uid: 'ann', sid: 's-1', scope: 'internal' }, 60);
    const { sid, scopes } = await verify(own);
    assert.deepEqual([sid, scopes], ['s-1', new Set()]);
    const { privateKey } = await generateKeyPair('ES256');
    const claims = { sub: 'ann', iss: 'petrel', aud: 'petrel' };
    const [{ kid }] = (await api.keys.published()).keys as [{ kid: string }];
    await bad(signed(claims, privateKey, { alg: 'ES256', kid, typ: 'JWT' }));
    await bad(signed(claims, privateKey, { alg: 'ES256', kid: 'unknown', typ: 'JWT' }));
    await bad(signed(claims, privateKey, { alg: 'ES256', typ: 'JWT' }));
  });

  it('does not let a public key serve as an HS256 secret', async () => {
    const [jwk] = (await api.keys.published()).keys;
    const asSecret = new TextEncoder().encode(JSON.stringify(jwk));
    await bad(
      signed({ sub: 'ann', iss: 'petrel', aud: 'petrel' }, asSecret, { alg: 'HS256', kid: jwk!.kid! }),
    );
  });

  it('does not give the scope of workers to tokens of others', async () => {
    assert.deepEqual((await verify(hs({ sub: 'ann', scope: 'internal admin' }))).scopes, new Set(['admin']));
  });

  it('takes for a node only who shows a token that the server itself made for nodes', async () => {
    const { keys, authenticator } = api;
    const node = { uid: 'system', scope: 'internal' };
    await authenticator.verifyNode(await keys.sign(node, 60));
    const notNodes = [
      keys.sign({ uid: 'system' }, 60),
      keys.sign({ uid: 'ann', scope: 'internal' }, 60),
      keys.sign({ uid: 'system', scope: 'admin internal' }, 60),
      hs({ sub: 'system', scope: 'internal' }),
      hs({ sub: 'system', scope: 'internal', iss: 'petrel', aud: 'petrel' }),
      signed({ sub: 'system', scope: 'internal', iss: 'petrel', aud: 'petrel' }, file.privateKey, {
        alg: 'EdDSA',
        kid: 'f1',
      }),
      signed(
        { sub: 'system', scope: 'internal', iss: 'https://file.example', aud: 'chat' },
        file.privateKey,
        {
          alg: 'EdDSA',
          kid: 'f1',
        },
      ),
      '',
      'x',
    ];
    for (const token of notNodes)
      await assert.rejects(
        async () => authenticator.verifyNode(await token),
        (error) => error instanceof PetrelError && error.code === 'auth.bad-token',
      );
    // And it is not a user's.
    await bad(keys.sign(node, 60));
    const late = await keys.sign(node, 1);
    api.pass(10_000);
    await assert.rejects(authenticator.verifyNode(late), { code: 'auth.expired' });
    api.pass(-10_000);
  });

  it('goes on taking tokens of a retired key until they end, and signs with the new one', async () => {
    const old = await api.keys.sign({ uid: 'ann' }, 600);
    const kid = await api.keys.rotate();
    assert.equal((await verify(old)).uid, 'ann');
    const published = await api.keys.published();
    assert.equal(published.keys.length, 2);
    assert.ok(published.keys.every((key) => key.d === undefined));
    const header = JSON.parse(
      Buffer.from((await api.keys.sign({ uid: 'ann' }, 60)).split('.')[0]!, 'base64url').toString(),
    );
    assert.deepEqual(header, { alg: 'ES256', typ: 'JWT', kid });
    api.pass(3600_000);
    assert.equal((await api.keys.published()).keys.length, 1);
    api.pass(-3600_000);
  });

  it('takes tokens of a trusted issuer whose keys are in a file, which may change', async () => {
    const claims = { sub: 'fay', iss: 'https://file.example', aud: 'chat' };
    const header = { alg: 'EdDSA', kid: 'f1' };
    assert.equal((await verify(signed(claims, file.privateKey, header))).uid, 'fay');
    assert.equal((await verify(signed(claims, file.privateKey, { ...header, typ: 'at+jwt' }))).uid, 'fay');
    await bad(signed({ ...claims, aud: 'other' }, file.privateKey, header));
    await bad(signed({ sub: 'fay', iss: claims.iss }, file.privateKey, header));
    await bad(signed(claims, file.privateKey, { ...header, typ: 'logout+jwt' }));
    await bad(signed({ ...claims, iss: 'https://unknown.example' }, file.privateKey, header));
    await bad(signed(claims, remote.privateKey, { alg: 'RS256', kid: 'f1' }));

    const next = await generateKeyPair('EdDSA', { extractable: true });
    await writeFile(keyFile, JSON.stringify({ keys: [await publicJwk(next.publicKey, 'f2')] }));
    await utimes(keyFile, new Date(), new Date(Date.now() + 5000));
    const token = await signed(claims, next.privateKey, { alg: 'EdDSA', kid: 'f2' });
    for (let tries = 0; ; tries++) {
      const uid = await verify(token).then(
        (identity) => identity.uid,
        () => undefined,
      );
      if (uid === 'fay') break;
      assert.ok(tries < 400, 'the changed file was never read');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });

  it('takes tokens of a trusted issuer whose keys are served, by the claim that holds the uid', async () => {
    const claims = { sub: 'not the uid', handle: 'rob', iss: 'https://remote.example' };
    const header = { alg: 'RS256', kid: 'r1' };
    assert.equal((await verify(signed(claims, remote.privateKey, header))).uid, 'rob');
    await bad(signed({ ...claims, handle: 'Not A Uid' }, remote.privateKey, header));
    const before = fetches;
    for (let i = 0; i < 5; i++) await bad(signed(claims, remote.privateKey, { alg: 'RS256', kid: `u${i}` }));
    assert.ok(fetches - before <= 1, 'unknown keys do not ask the provider each time');
  });

  it('does not blame a token for a provider that is away', async () => {
    const token = signed({ sub: 'ann', iss: 'https://away.example' }, remote.privateKey, {
      alg: 'RS256',
      kid: 'r1',
    });
    await refused(token, 'store.unavailable');
  });
});
