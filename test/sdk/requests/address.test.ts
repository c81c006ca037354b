import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addressOf } from '../../../sdk/requests/address.ts';
import { problemOf } from '../../../sdk/requests/problem.ts';

describe('address of a request', () => {
  it('puts members into the path, the rest into the query of GET and DELETE', () => {
    assert.deepEqual(
      addressOf('GET', '/conversations/{conv}/messages', { conv: 'u:a:b', before: 7, raw: true }),
      {
        address: '/conversations/u%3Aa%3Ab/messages?before=7&raw=true',
      },
    );
    assert.deepEqual(addressOf('DELETE', '/blocks/{uid}', { uid: 'bob' }), { address: '/blocks/bob' });
  });

  it('sends the rest as JSON with the other methods, null included and undefined left out', () => {
    assert.deepEqual(addressOf('PATCH', '/friends/{uid}', { uid: 'bob', remark: null, other: undefined }), {
      address: '/friends/bob',
      body: '{"remark":null}',
    });
    assert.deepEqual(addressOf('PUT', '/blocks/{uid}', { uid: 'bob' }), {
      address: '/blocks/bob',
      body: '{}',
    });
  });

  it('lets no member leave its place in the path', () => {
    for (const uid of ['a/b', '../me', '.', '..', 'a?b', 'a#b', '%2e%2e', 'é ']) {
      const { address } = addressOf('GET', '/users/{uid}', { uid });
      const { pathname, search } = new URL(`http://x/v1${address}`);
      assert.match(pathname, /^\/v1\/users\/[^/]+$/);
      assert.equal(search, '');
    }
  });
});

describe('problem of an answer', () => {
  const answer = (status: number, headers: Record<string, string> = {}) => ({
    status,
    headers: new Headers(headers),
  });

  it('is the code of the document, with its time to wait', () => {
    const document = { code: 'request.rate', detail: 'Asking too often.', retryable: true, retryAfter: 250 };
    const { code, message, retryable, retryAfter } = problemOf(
      answer(429, { 'retry-after': '1' }),
      JSON.stringify(document),
    );
    assert.deepEqual({ code, detail: message, retryable, retryAfter }, document);
  });

  it('takes the time to wait from the header where the document has none', () => {
    const text = JSON.stringify({ code: 'store.unavailable', retryable: true });
    assert.equal(problemOf(answer(503, { 'retry-after': '2' }), text).retryAfter, 2000);
    assert.equal(
      problemOf(answer(503, { 'retry-after': 'Tue, 01 Jan 2030 00:00:00 GMT' }), text).retryAfter,
      undefined,
    );
  });

  it('is that of an absent server where a gateway answers, and of a wrong one elsewhere', () => {
    const gateway = problemOf(answer(502), '<html>');
    assert.deepEqual([gateway.code, gateway.retryable], ['client.offline', true]);
    const other = problemOf(answer(404), '"text"');
    assert.deepEqual([other.code, other.retryable], ['client.not-petrel', false]);
  });
});
