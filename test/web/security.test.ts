import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';
import type { BrowserContext } from 'playwright-core';
import { until } from '../support/until.ts';
import { patienceMs } from './person.ts';
import { onStage } from './stage.ts';

const hostile = [
  '<img src=x onerror=alert(1)> m-1',
  '<script>alert(2)</script> m-2',
  'javascript:alert(3) m-3',
  '[a link](javascript:alert(4)) m-4',
  'https://example.com/"onmouseover="alert(5) m-5',
  '<a href="javascript:alert(6)">here</a> <svg/onload=alert(6)> m-6',
  '&lt;b&gt; &amp; {{7*7}} m-7',
  'data:text/html,<script>alert(8)</script> m-8',
];

/** What is anywhere in a browser's stores, as text. */
const everythingStored = `(async () => {
  const rows = [];
  for (const { name } of await indexedDB.databases()) {
    const db = await new Promise((resolve, reject) => {
      const opening = indexedDB.open(name);
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error);
    });
    for (const store of db.objectStoreNames) {
      const values = await new Promise((resolve, reject) => {
        const reading = db.transaction(store).objectStore(store).getAll();
        reading.onsuccess = () => resolve(reading.result);
        reading.onerror = () => reject(reading.error);
      });
      rows.push(...values);
    }
    db.close();
  }
  const text = JSON.stringify(rows, (key, value) => {
    if (!ArrayBuffer.isView(value) && !(value instanceof ArrayBuffer)) return value;
    const bytes = value instanceof ArrayBuffer ? new Uint8Array(value) : new Uint8Array(value.buffer);
    return new TextDecoder('latin1').decode(bytes);
  });
  return { database: text, local: JSON.stringify({ ...localStorage }), session: JSON.stringify({ ...sessionStorage }) };
})()`;

/** Tokens that the server answers to this browser, and all addresses that it asks for. */
function watchTokens(context: BrowserContext) {
  const tokens = new Set<string>();
  const urls: string[] = [];
  context.on('request', (request) => urls.push(request.url()));
  context.on('page', (page) => page.on('websocket', (socket) => urls.push(socket.url())));
  context.on('response', async (response) => {
    if (!response.url().includes('/v1/auth/')) return;
    const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>;
    for (const name of ['accessToken', 'refreshToken'])
      if (typeof answer[name] === 'string') tokens.add(answer[name]);
  });
  return { tokens, urls };
}

await onStage((stage) =>
  describe('the page', () => {
    it('has a policy that lets no script in but its own', async () => {
      const reply = await fetch(stage.petrel.url('http'));
      const policy = new Map(
        (reply.headers.get('content-security-policy') ?? '')
          .split(';')
          .map((part) => part.trim().split(' '))
          .map(([name, ...values]) => [name, values.join(' ')]),
      );
      assert.equal(policy.get('default-src'), "'none'");
      assert.equal(policy.get('script-src'), "'self'");
      assert.equal(policy.get('style-src'), "'self'");
      assert.equal(policy.get('base-uri'), "'none'");
      assert.equal(policy.get('frame-ancestors'), "'none'");
      assert.doesNotMatch([...policy.values()].join(' '), /unsafe/);
      assert.doesNotMatch(await reply.text(), /<script(?![^>]*\ssrc=)|\son\w+=|<style/);
    });

    it('shows what is said as text, whatever it looks like', async () => {
      const [alice, bob] = await stage.people('alice', 'bob');
      await alice.openChat(bob.uid);
      for (const text of hostile) await alice.say(text);
      await bob.enter(alice.uid);
      for (const person of [alice, bob]) {
        for (const text of hostile) await person.page.getByText(text).first().waitFor();
        assert.equal(await person.log.locator('img, script, svg[onload]').count(), 0);
        for (const link of await person.log.getByRole('link').all()) {
          assert.match((await link.getAttribute('href')) ?? '', /^https?:/);
          assert.match((await link.getAttribute('rel')) ?? '', /noopener/);
          assert.equal(await link.getAttribute('onmouseover'), null);
        }
      }
    });

    it('has links that open elsewhere and tell nothing', async () => {
      const [alice, bob] = await stage.people('alice', 'bob');
      await alice.openChat(bob.uid);
      await alice.say('see https://example.com/a?b=c#d.');
      const link = alice.log.getByRole('link');
      await link.waitFor();
      assert.equal(await link.getAttribute('href'), 'https://example.com/a?b=c#d');
      assert.equal(await link.getAttribute('target'), '_blank');
      assert.match((await link.getAttribute('rel')) ?? '', /noopener.*noreferrer|noreferrer.*noopener/);
    });

    it('shows names as text', async () => {
      const [alice, bob] = await stage.people('alice', 'bob');
      const name = '<img src=x onerror=alert(1)>';
      const { status } = await stage.petrel.known(bob.uid).api.patch('/me', { name });
      assert.equal(status, 200);
      await alice.openChat(bob.uid);
      await alice.say('hello');
      await alice.page.getByText(name).first().waitFor();
    });

    it('keeps no token in the clear and puts none into an address', async () => {
      const alice = await stage.person('alice');
      const { tokens, urls } = watchTokens(alice.context);
      const bob = await stage.person('bob');
      await Promise.all([alice.signUp(), bob.signUp()]);
      await alice.openChat(bob.uid);
      await alice.say('hello');
      await alice.seesState('hello', 'Sent', 'Delivered', 'Read');
      await alice.page.reload();
      await alice.isIn();
      await until('the tokens', () => tokens.size >= 2, patienceMs);
      const kept = (await alice.page.evaluate(everythingStored)) as Record<string, string>;
      assert.ok(kept.database?.includes('hello'), 'the stores were looked into');
      const everywhere = [...urls, ...Object.values(kept)];
      for (const token of tokens) assert.ok(!everywhere.some((text) => text.includes(token)));
      assert.doesNotMatch(everywhere.join(' '), /\beyJ[\w-]+\./);
    });

    it('cannot be connected to from a page of another origin', async (t) => {
      const other = createServer((_, response) => response.end('<title>elsewhere</title>'));
      other.listen(0, '127.0.0.1');
      await once(other, 'listening');
      t.after(() => other.close());
      const { port } = other.address() as { port: number };
      stage.tolerate(/WebSocket connection to/, /favicon/, /404/);
      const mallory = await stage.person('mallory', { url: `http://127.0.0.1:${port}` });
      const url = `${stage.petrel.url('http').replace('http', 'ws')}/mqtt`;
      const end = await mallory.page.evaluate(`new Promise((resolve) => {
        const socket = new WebSocket(${JSON.stringify(url)}, 'mqtt');
        socket.onopen = () => resolve('open');
        socket.onclose = () => resolve('closed');
      })`);
      assert.equal(end, 'closed');
    });
  }),
);
