import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { welcome } from '../../cli/ready.ts';

const addresses = ['mqtt://0.0.0.0:1999', 'ws://0.0.0.0:8999/mqtt', 'http://0.0.0.0:8999'];

describe('the welcome at a terminal', () => {
  it('names an address that a browser trusts, where the page is served', () => {
    assert.match(welcome(addresses, true), /^\nChat in the browser: http:\/\/localhost:8999\n/);
    assert.doesNotMatch(welcome(addresses, false), /browser/);
  });

  it('shows the first message with the ports as they are', () => {
    const text = welcome(addresses, true);
    assert.match(text, /localhost:8999\/v1\/auth\/register/);
    assert.match(text, /mosquitto_pub -p 1999 /);
  });

  it('says nothing where there is no broker', () => {
    assert.equal(welcome(['http://0.0.0.0:8999'], true), '');
  });
});
