import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isAllowedOrigin } from '../../../broker/gate/origin.ts';

const nobodyElse = { corsOrigins: [], trustProxy: false };

describe('a WebSocket of a browser', () => {
  const check = (cases: readonly [origin: string, host: string | undefined, allowed: boolean][]) => {
    for (const [origin, host, allowed] of cases) {
      const headers = { origin, ...(host !== undefined && { host }) };
      assert.equal(isAllowedOrigin(headers, nobodyElse), allowed, `${origin} at ${host}`);
    }
  };

  it('may be opened by the pages of the server itself, ports included', () => {
    check([
      ['http://localhost:8080', 'localhost:8080', true],
      ['http://192.168.1.7:8080', '192.168.1.7:8080', true],
      ['http://[::1]:8080', '[::1]:8080', true],
      ['https://chat.example', 'chat.example', true],
      ['https://chat.example', 'CHAT.example', true],
      ['http://localhost:8081', 'localhost:8080', false],
      ['http://localhost', 'localhost:8080', false],
      ['https://evil.example', 'chat.example', false],
      ['https://chat.example.evil.example', 'chat.example', false],
      ['https://evil-chat.example', 'chat.example', false],
      ['https://chat.example', undefined, false],
    ]);
  });

  it('is of the same host with the default port written out or not', () => {
    check([
      ['https://chat.example', 'chat.example:443', true],
      ['https://chat.example:443', 'chat.example', true],
      ['http://chat.example:80', 'chat.example', true],
      ['https://chat.example:80', 'chat.example:80', true],
      ['https://chat.example', 'chat.example:80', false],
    ]);
  });

  it('may not be opened by what is no page of a host', () => {
    check([
      ['null', 'chat.example', false],
      ['', 'chat.example', false],
      ['nonsense', 'chat.example', false],
      ['file://', '', false],
      ['file://', 'chat.example', false],
      ['https://chat.example', '', false],
      ['https://user@chat.example', 'chat.example@evil.example', false],
    ]);
  });

  it('may be opened by pages of the origins that are named, and of any by *', () => {
    const headers = { origin: 'https://app.example', host: 'chat.example' };
    const allows = (...corsOrigins: string[]) => isAllowedOrigin(headers, { ...nobodyElse, corsOrigins });
    assert.equal(allows('https://other.example', 'https://app.example'), true);
    assert.equal(allows('*'), true);
    assert.equal(allows('http://app.example'), false);
    assert.equal(
      isAllowedOrigin(
        { origin: 'capacitor://localhost', host: 'chat.example' },
        { ...nobodyElse, corsOrigins: ['capacitor://localhost'] },
      ),
      true,
    );
    // The server's own stay allowed.
    const rules = { ...nobodyElse, corsOrigins: ['https://app.example'] };
    assert.equal(isAllowedOrigin({ origin: 'https://chat.example', host: 'chat.example' }, rules), true);
  });

  it('is the server’s own by what a trusted proxy was asked for', () => {
    const headers = {
      origin: 'https://chat.example',
      host: '10.0.0.7:8080',
      'x-forwarded-host': 'chat.example, 10.0.0.1',
    };
    assert.equal(isAllowedOrigin(headers, { ...nobodyElse, trustProxy: true }), true);
    assert.equal(isAllowedOrigin(headers, nobodyElse), false);
    assert.equal(
      isAllowedOrigin({ ...headers, origin: 'https://evil.example' }, { ...nobodyElse, trustProxy: true }),
      false,
    );
  });
});

describe('a WebSocket of a program', () => {
  it('says no origin, and may be opened', () => {
    assert.equal(isAllowedOrigin({ host: 'chat.example' }, nobodyElse), true);
  });
});
