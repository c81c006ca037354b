import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as raw from '../../support/raw.ts';
import { property as p } from '../../support/raw.ts';
import { expiresIn, mint } from '../../support/token.ts';
import { connected, greeted, openServer } from './wire.ts';

const petrel = openServer();
before(() => petrel.start());
after(() => petrel.remove());

const token = (sub: string, seconds = 3600) => mint({ sub, exp: expiresIn(seconds) });
const jwt = (data: string) => [p.authMethod('jwt'), p.authData(data)];

describe('enhanced authentication', () => {
  it('repeats the method in CONNACK and AUTH [MQTT-4.12.0-5] [MQTT-4.12.1-1]', async () => {
    const wire = await connected(petrel, { properties: jwt(token('ann')) });
    assert.equal(wire.connack.properties?.authenticationMethod, 'jwt');
    wire.write(raw.auth(0x19, ...jwt(token('ann'))));
    const { reasonCode, properties } = await wire.next('auth');
    // [MQTT-3.15.2-1]
    assert.deepEqual([reasonCode, properties?.authenticationMethod], [0, 'jwt']);
    await wire.isServed();
  });

  it('with a bad token is refused and closed [MQTT-4.12.0-4]', async () => {
    const { wire, reason } = await greeted(petrel, { properties: jwt('not a token') });
    assert.equal(reason, 0x86);
    await wire.closed;
  });

  it('by a method that is not offered is refused with 0x8C and closed [MQTT-4.12.0-1]', async () => {
    const { wire, reason } = await greeted(petrel, { properties: [p.authMethod('SCRAM-SHA-256')] });
    assert.equal(reason, 0x8c);
    await wire.closed;
  });

  it('is not spoken of where CONNECT had no method [MQTT-4.12.0-6]', async () => {
    const wire = await connected(petrel);
    assert.equal(wire.connack.properties?.authenticationMethod, undefined);
    await wire.ping();
    assert.equal(
      wire.inbox.find(({ cmd }) => cmd === 'auth'),
      undefined,
    );
  });

  const faults: readonly (readonly [name: string, bytes: Uint8Array, reason: number])[] = [
    ['another method [MQTT-4.12.0-5]', raw.auth(0x19, p.authMethod('other'), p.authData('x')), 0x82],
    ['no method', raw.auth(0x19), 0x82],
    ['a reason only the server gives', raw.auth(0x00, ...jwt('x')), 0x82],
    ['a reason that does not exist [MQTT-3.15.2-1]', raw.auth(0x42, ...jwt('x')), 0x82],
    ['continue, where nothing was begun', raw.auth(0x18, ...jwt('x')), 0x82],
    ['a method given twice', raw.auth(0x19, p.authMethod('jwt'), p.authMethod('jwt')), 0x82],
    ['a foreign property', raw.auth(0x19, p.sessionExpiry(1)), 0x81],
    ['a token of another user [MQTT-4.12.1-2]', raw.auth(0x19, ...jwt(token('eve'))), 0x87],
    ['an empty body', raw.hex('f000'), 0x82],
  ];
  for (const [name, bytes, reason] of faults)
    it(`with AUTH of ${name} ends the connection with 0x${reason.toString(16)}`, async () => {
      const wire = await connected(petrel, { properties: jwt(token('ann')) });
      wire.write(bytes);
      await wire.endsWith(reason);
    });

  it('that fails on a live connection ends it [MQTT-4.12.1-2]', async () => {
    const wire = await connected(petrel, { properties: jwt(token('ann')) });
    wire.write(raw.auth(0x19, ...jwt(token('ann', -10))));
    const last = await wire.ending();
    assert.ok(last!.reasonCode! >= 0x80);
  });

  it('is no matter of a client that began without it: AUTH is 0x82 [MQTT-4.12.0-7]', async () => {
    const wire = await connected(petrel);
    wire.write(raw.auth(0x19, ...jwt(token('ann'))));
    await wire.endsWith(0x82);
  });
});
