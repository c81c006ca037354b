import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { startApi, type TestApi } from './server.ts';

/** What the server answers to bytes. */
function exchange(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let answer = '';
    socket.on('data', (data) => {
      answer += data.toString('latin1');
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

describe('the HTTP door', () => {
  let api: TestApi;
  let token: string;

  before(async () => {
    api = await startApi({ http: { corsOrigins: ['https://chat.example'] } });
    token = await api.token('alice');
  });
  after(() => api.stop());

  const post = (body: string | Buffer, type: string | undefined = 'application/json') =>
    api.http.inject({
      method: 'POST',
      url: '/v1/groups',
      payload: body,
      headers: { authorization: `Bearer ${token}`, ...(type !== undefined && { 'content-type': type }) },
    });
  const assertProblem = (response: Awaited<ReturnType<typeof post>>, status: number, code: string) => {
    assert.equal(response.statusCode, status);
    assert.match(String(response.headers['content-type']), /^application\/problem\+json/);
    const problem = response.json();
    assert.deepEqual([problem.status, problem.code, problem.type], [status, code, 'about:blank']);
    assert.equal(typeof problem.retryable, 'boolean');
  };

  it('answers bodies that are no JSON object with 400', async () => {
    for (const body of ['{', 'null', '[]', '7', '"x"', '{"name":"x"}}', '\u0000'])
      assertProblem(await post(body), 400, 'request.invalid');
    assertProblem(await post(Buffer.from([0x7b, 0xff, 0x7d])), 400, 'request.invalid');
    assertProblem(await post('{"name":"x","__proto__":{}}'), 400, 'request.invalid');
    assertProblem(await post('name=x', 'application/x-www-form-urlencoded'), 400, 'request.invalid');
    assertProblem(await post(''), 400, 'request.invalid');
  });

  it('takes a JSON body with a charset, and none where no member is needed', async () => {
    assert.equal((await post('{"name":"x"}', 'application/json; charset=utf-8')).statusCode, 201);
    const session = await api.accounts.register({ uid: 'leaver', password: 'pass word' });
    const headers = { authorization: `Bearer ${session.session.accessToken}` };
    const logout = await api.http.inject({ method: 'POST', url: '/v1/auth/logout', headers });
    assert.equal(logout.statusCode, 204);
    assert.equal(logout.body, '');
  });

  it('answers a body above 1 MiB with 413', async () => {
    assertProblem(await post(`{"name":"${'x'.repeat(1024 * 1024)}"}`), 413, 'request.too-large');
  });

  it('answers what is not there with a problem document', async () => {
    for (const url of ['/nowhere', '/v1/nowhere', '/v1'])
      assertProblem(await api.http.inject(url), 404, 'request.unknown-operation');
    assertProblem(await api.http.inject({ method: 'PUT', url: '/v1/me' }), 404, 'request.unknown-operation');
  });

  it('answers malformed addresses with 400', async () => {
    const headers = { authorization: `Bearer ${token}` };
    for (const url of ['/v1/users/%zz', '/v1/users/%ff', '/v1/users/%2e%2e%2f', '/v1/users/Not%20One'])
      assertProblem(await api.http.inject({ url, headers }), 400, 'request.invalid');
    for (const query of [
      'limit=',
      'limit=1&limit=2',
      'limit=1e2',
      'limit=0x5',
      'cursor=',
      '__proto__=1',
      'x=1',
    ])
      assertProblem(await api.http.inject({ url: `/v1/groups?${query}`, headers }), 400, 'request.invalid');
  });

  it('wants a bearer token and says so', async () => {
    for (const authorization of [undefined, 'x', 'Bearer', 'Bearer a b', 'Basic YTpi', 'Bearer x']) {
      const headers = authorization === undefined ? {} : { authorization };
      const response = await api.http.inject({ url: '/v1/me', headers });
      assertProblem(response, 401, 'auth.bad-token');
      assert.match(String(response.headers['www-authenticate']), /^Bearer/);
    }
    const lower = await api.http.inject({ url: '/v1/me', headers: { authorization: `bearer ${token}` } });
    assert.equal(lower.statusCode, 200);
  });

  it('refuses a body whose member is not that of the path', async () => {
    const response = await api.http.inject({
      method: 'POST',
      url: '/v1/groups/g1/members',
      headers: { authorization: `Bearer ${token}` },
      payload: { gid: 'g2', uids: ['bob'] },
    });
    assertProblem(response, 400, 'request.invalid');
  });

  it('lets pages of the configured origins in', async () => {
    const preflight = (origin: string) =>
      api.http.inject({
        method: 'OPTIONS',
        url: '/v1/me',
        headers: {
          origin,
          'access-control-request-method': 'GET',
          'access-control-request-headers': 'authorization',
        },
      });
    const allowed = await preflight('https://chat.example');
    assert.equal(allowed.headers['access-control-allow-origin'], 'https://chat.example');
    assert.equal((await preflight('https://evil.example')).headers['access-control-allow-origin'], undefined);
  });

  it('publishes its keys without their private part', async () => {
    const { keys } = (await api.http.inject('/.well-known/jwks.json')).json();
    assert.ok(keys.length >= 1);
    for (const key of keys) assert.deepEqual([key.kty, key.alg, key.d], ['EC', 'ES256', undefined]);
  });

  it('describes every operation in OpenAPI, and shows it without anything from outside', async () => {
    const document = (await api.http.inject('/openapi.json')).json();
    assert.equal(document.openapi, '3.1.0');
    for (const { method, path, name } of api.operations)
      assert.equal(document.paths[`/v1${path}`][method.toLowerCase()].operationId, name);
    const page = await api.http.inject('/docs/');
    assert.equal(page.statusCode, 200);
    assert.doesNotMatch(page.body, /(src|href)="(https?:)?\/\//);
    const initializer = await api.http.inject('/docs/static/swagger-initializer.js');
    assert.equal(initializer.statusCode, 200);
    assert.match(initializer.body, /"validatorUrl":false|validatorUrl/);
  });

  it('describes the MQTT side in AsyncAPI, and shows it on a page without scripts', async () => {
    const document = (await api.http.inject('/asyncapi.json')).json();
    assert.equal(document.asyncapi, '3.0.0');
    const page = await api.http.inject('/docs/mqtt');
    assert.equal(page.statusCode, 200);
    assert.match(String(page.headers['content-type']), /^text\/html/);
    const policy = String(page.headers['content-security-policy']);
    const style = /<style>(.*)<\/style>/s.exec(page.body)![1]!;
    const hash = createHash('sha256').update(style).digest('base64');
    assert.ok(policy.startsWith(`default-src 'none'; style-src 'sha256-${hash}';`), policy);
    assert.doesNotMatch(page.body, /<script|(src|href)="(https?:)?\/\/|style="/);
    for (const { name } of api.operations) assert.ok(page.body.includes(`req/${name}<`), name);
    const ids = [...page.body.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length);
  });

  it('answers bytes that are no request, and headers without end, with 4xx', async () => {
    await api.http.listen({ port: 0, host: '127.0.0.1' });
    const { port } = api.http.server.address() as AddressInfo;
    assert.match(await exchange(port, 'nonsense\r\n\r\n'), /^HTTP\/1\.1 400 .*application\/problem\+json/s);
    const huge = `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`;
    assert.match(await exchange(port, huge), /^HTTP\/1\.1 413 .*application\/problem\+json/s);
  });
});

describe('the HTTP door with a limit', () => {
  it('answers 429 with Retry-After beyond it', async () => {
    const api = await startApi({ limits: { httpPerSecond: 3 } });
    const ask = () => api.http.inject('/.well-known/jwks.json');
    const responses = await Promise.all([ask(), ask(), ask(), ask(), ask()]);
    const refused = responses.filter(({ statusCode }) => statusCode === 429);
    assert.ok(refused.length >= 1);
    assert.equal(refused[0]!.headers['retry-after'], '1');
    assert.equal(refused[0]!.json().code, 'request.rate');
    await api.stop();
  });
});

describe('the HTTP door with closed registration', () => {
  it('registers nobody', async () => {
    const api = await startApi({ auth: { registration: 'closed' } });
    const payload = { uid: 'alice', password: 'pass word' };
    const response = await api.http.inject({ method: 'POST', url: '/v1/auth/register', payload });
    assert.deepEqual([response.statusCode, response.json().code], [403, 'auth.registration-closed']);
    await api.stop();
  });
});
