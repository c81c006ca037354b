import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import type { ConfigInput } from '../../../schemas/config.ts';
import { startApi, type TestApi } from '../server.ts';

const html = '<!doctype html><title>Petrel</title>';
const script = 'console.log("Petrel");\n'.repeat(100);

/** The folder of a page as the build leaves it. */
function builtPage(): string {
  const folder = mkdtempSync(join(tmpdir(), 'petrel-page-'));
  const files: Record<string, string | Buffer> = {
    'index.html': html,
    'worker.js': 'self;',
    'icons/mark.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
    'manifest.webmanifest': '{}',
    'assets/app-Ab_1-.js': script,
    'assets/app-Ab_1-.js.br': brotliCompressSync(script),
    'assets/app-Ab_1-.js.gz': gzipSync(script),
    'assets/app-Ab_1-.js.map': '{}',
  };
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

const asset = '/assets/app-Ab_1-.js';

describe('the page', () => {
  const folder = builtPage();
  let api: TestApi;

  before(async () => {
    api = await startApi({}, { pageFolder: folder });
  });
  after(async () => {
    await api.stop();
    rmSync(folder, { recursive: true });
  });

  const get = (url: string, headers: Record<string, string> = {}) => api.http.inject({ url, headers });

  it('is at /, and its files at their paths', async () => {
    for (const [path, type] of [
      ['/', 'text/html; charset=utf-8'],
      ['/?from=app', 'text/html; charset=utf-8'],
      ['/index.html', 'text/html; charset=utf-8'],
      ['/worker.js', 'text/javascript; charset=utf-8'],
      ['/manifest.webmanifest', 'application/manifest+json'],
      ['/icons/mark.svg', 'image/svg+xml'],
      [asset, 'text/javascript; charset=utf-8'],
    ] as const) {
      const answer = await get(path);
      assert.deepEqual([path, answer.statusCode, answer.headers['content-type']], [path, 200, type]);
    }
    assert.equal((await get('/')).body, html);
  });

  it('answers HEAD as GET, without the body', async () => {
    const answer = await api.http.inject({ method: 'HEAD', url: '/' });
    assert.deepEqual(
      [answer.statusCode, answer.headers['content-length'], answer.body],
      [200, String(html.length), ''],
    );
  });

  it('goes out compressed as the client takes it', async () => {
    const encodings = new Map([
      ['gzip, deflate, br, zstd', 'br'],
      ['gzip;q=1.0, br;q=0', 'gzip'],
      ['GZIP', 'gzip'],
      ['identity', undefined],
      ['deflate', undefined],
      ['', undefined],
    ]);
    const open = { br: brotliDecompressSync, gzip: gunzipSync };
    for (const [accept, expected] of encodings) {
      const { headers, rawPayload } = await get(asset, { 'accept-encoding': accept });
      const encoding = headers['content-encoding'] as keyof typeof open | undefined;
      assert.equal(encoding, expected, accept);
      assert.equal(headers.vary, 'accept-encoding');
      const body = encoding === undefined ? rawPayload : open[encoding](rawPayload);
      assert.equal(body.toString(), script);
    }
  });

  it('is kept for ever where the name says the content, and else asked for each time', async () => {
    assert.equal((await get(asset)).headers['cache-control'], 'public, max-age=31536000, immutable');
    for (const path of ['/', '/index.html', '/worker.js', '/manifest.webmanifest', '/icons/mark.svg'])
      assert.equal((await get(path)).headers['cache-control'], 'no-cache', path);
  });

  it('answers 304 to who has it, in that form', async () => {
    for (const encoding of ['br', 'gzip', 'identity']) {
      const first = await get(asset, { 'accept-encoding': encoding });
      const etag = String(first.headers.etag);
      for (const known of [etag, `"other", W/${etag}`, '*']) {
        const again = await get(asset, { 'accept-encoding': encoding, 'if-none-match': known });
        assert.deepEqual([again.statusCode, again.body], [304, '']);
        assert.equal(again.headers.etag, etag);
        assert.ok(again.headers['content-security-policy']);
      }
      assert.equal((await get(asset, { 'if-none-match': '"other"' })).statusCode, 200);
    }
    const tags = await Promise.all(
      ['br', 'gzip', 'identity'].map(
        async (form) => (await get(asset, { 'accept-encoding': form })).headers.etag,
      ),
    );
    assert.equal(new Set(tags).size, 3);
  });

  it('runs no inline script and talks to its own server alone', async () => {
    for (const path of ['/', asset, '/worker.js']) {
      const { headers } = await get(path);
      const policy = new Map(
        String(headers['content-security-policy'])
          .split('; ')
          .map((one) => [one.split(' ', 1)[0]!, one.slice(one.indexOf(' ') + 1)]),
      );
      assert.equal(policy.get('default-src'), "'none'");
      for (const name of ['script-src', 'style-src', 'connect-src', 'worker-src', 'manifest-src'])
        assert.equal(policy.get(name), "'self'", name);
      for (const name of ['base-uri', 'form-action', 'frame-ancestors'])
        assert.equal(policy.get(name), "'none'");
      assert.doesNotMatch(String(headers['content-security-policy']), /unsafe|http:/);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['referrer-policy'], 'no-referrer');
      assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
      assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
      assert.match(String(headers['permissions-policy']), /camera=\(\), .*microphone=\(\)/);
    }
  });

  it('takes no path from the API, whose unknown paths are problem documents', async () => {
    assert.equal((await get('/openapi.json')).statusCode, 200);
    assert.equal((await get('/docs/')).statusCode, 200);
    assert.match(String((await get('/docs/')).headers['content-security-policy']), /'unsafe-inline'/);
    assert.equal((await get('/v1/users/me')).statusCode, 401);
    for (const path of ['/v1/nothing', '/nothing', '/assets/', '/assets', '/mqtt', '//', '/index.html/']) {
      const answer = await get(path);
      assert.deepEqual(
        [path, answer.statusCode, answer.json().code],
        [path, 404, 'request.unknown-operation'],
      );
    }
  });

  it('serves nothing but what the build made for it', async () => {
    for (const path of [
      `${asset}.map`,
      `${asset}.br`,
      '/assets/../../package.json',
      '/assets/..%2f..%2fpackage.json',
      '/%2e%2e/package.json',
      '/.env',
    ])
      assert.equal((await get(path)).statusCode, 404, path);
  });
});

describe('a server without a page', () => {
  const status = async (input: ConfigInput, pageFolder: string) => {
    const api = await startApi(input, { pageFolder });
    try {
      const { statusCode, headers, body } = await api.http.inject({ url: '/' });
      const { statusCode: docs } = await api.http.inject({ url: '/openapi.json' });
      return { statusCode, type: String(headers['content-type']), body, docs };
    } finally {
      await api.stop();
    }
  };

  it('says at / that it was not built, and serves the rest', async () => {
    const answer = await status({}, join(tmpdir(), 'petrel-page-that-is-not-there'));
    assert.equal(answer.statusCode, 404);
    assert.match(answer.type, /^text\/plain/);
    assert.match(answer.body, /npm run build/);
    assert.equal(answer.docs, 200);
  });

  it('knows no / where the configuration turns the page off', async () => {
    const folder = builtPage();
    try {
      const answer = await status({ http: { web: false } }, folder);
      assert.equal(answer.statusCode, 404);
      assert.match(answer.type, /^application\/problem\+json/);
      assert.equal(answer.docs, 200);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('the limit of requests an address', () => {
  it('is not used up by the page', async () => {
    const folder = builtPage();
    const api = await startApi({ limits: { httpPerSecond: 5 } }, { pageFolder: folder });
    try {
      const ask = async (url: string) => (await api.http.inject({ url })).statusCode;
      for (let i = 0; i < 20; i++) assert.equal(await ask(i % 2 === 0 ? '/' : asset), 200);
      const calls: number[] = [];
      for (let i = 0; i < 6; i++) calls.push(await ask('/openapi.json'));
      assert.deepEqual(calls, [200, 200, 200, 200, 200, 429]);
    } finally {
      await api.stop();
      rmSync(folder, { recursive: true });
    }
  });
});
