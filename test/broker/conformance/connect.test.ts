import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as raw from '../../support/raw.ts';
import { property as p } from '../../support/raw.ts';
import { connected, type Fault, fresh, greeted, openServer, Wire } from './wire.ts';

const petrel = openServer();
before(() => petrel.start());
after(() => petrel.remove());

const open = () => Wire.open(petrel.port('mqtt'));

describe('the first packet', () => {
  const others: readonly (readonly [string, Buffer])[] = [
    ['PUBLISH', raw.publish()],
    ['SUBSCRIBE', raw.subscribe(1, [['a', 0]])],
    ['PINGREQ', raw.pingreq],
    ['DISCONNECT', raw.disconnect()],
    ['AUTH', raw.auth(0x18, p.authMethod('jwt'))],
    ['CONNACK', raw.hex('20 03 00 00 00')],
  ];
  for (const [name, bytes] of others)
    it(`that is ${name} and not CONNECT ends the connection without an answer [MQTT-3.1.0-1] [MQTT-3.14.0-1]`, async () => {
      const wire = await open();
      wire.write(bytes);
      await wire.closed;
      assert.equal(wire.received.length, 0);
    });

  it('is answered with exactly one CONNACK before anything else [MQTT-3.2.0-1] [MQTT-3.2.0-2] [MQTT-3.1.4-5]', async () => {
    const wire = await open();
    wire.write(
      Buffer.concat([raw.connect({ clientId: fresh('c') }), raw.pingreq, raw.subscribe(1, [['a', 0]])]),
    );
    await wire.next('suback');
    assert.equal(wire.received[0], 0x20);
    assert.equal(wire.inbox.filter(({ cmd }) => cmd === 'connack').length, 1);
    // Reserved bits of the acknowledge flags, then the reason. [MQTT-3.2.2-1]
    assert.deepEqual([...wire.received.subarray(2, 4)], [0, 0]);
  });

  it('may not come a second time: 0x82 [MQTT-3.1.0-2] [MQTT-4.13.1-1]', async () => {
    const wire = await connected(petrel);
    wire.write(raw.connect({ clientId: 'second' }));
    await wire.endsWith(0x82);
  });
});

describe('CONNECT with a fault is refused and the connection closed [MQTT-3.1.4-1] [MQTT-3.2.2-7] [MQTT-3.2.2-8] [MQTT-4.13.2-1]:', () => {
  const c = raw.connect;
  const will = { topic: 'w' };
  const faults: readonly Fault[] = [
    ['another protocol name [MQTT-3.1.2-1]', c({ name: 'MQTX' }), 0x84],
    ['a protocol level that does not exist [MQTT-3.1.2-2]', c({ level: 6 }), 0x84],
    ['the reserved flag [MQTT-3.1.2-3]', c({ flags: 0x03 }), 0x81],
    ['flags of the fixed header [MQTT-2.1.3-1]', Buffer.concat([raw.hex('11'), c().subarray(1)]), 0x81],
    ['a will QoS without a will [MQTT-3.1.2-11]', c({ flags: 0x0a }), 0x81],
    ['a will QoS of 3 [MQTT-3.1.2-12]', c({ will: { ...will, qos: 3 } }), 0x81],
    ['will retain without a will [MQTT-3.1.2-13]', c({ flags: 0x22 }), 0x81],
    ['a will flag without the will [MQTT-3.1.2-9]', c({ flags: 0x06 }), 0x81],
    ['a user name without its flag [MQTT-3.1.2-16]', c({ userName: 'u', flags: 0x02 }), 0x81],
    ['a user name flag without the name [MQTT-3.1.2-17]', c({ flags: 0x82 }), 0x81],
    ['a password without its flag [MQTT-3.1.2-18]', c({ password: 'p', flags: 0x02 }), 0x81],
    ['a password flag without the password [MQTT-3.1.2-19]', c({ flags: 0x42 }), 0x81],
    [
      'no client id at all [MQTT-3.1.3-3] [MQTT-3.1.3-1]',
      raw.frame(0x10, raw.string('MQTT'), raw.hex('05 02 0000 00')),
      0x81,
    ],
    ['a client id that is no UTF-8 [MQTT-3.1.3-4] [MQTT-1.5.4-1]', c({ clientId: raw.hex('c328') }), 0x81],
    ['a client id with a surrogate [MQTT-1.5.4-1]', c({ clientId: raw.hex('eda080') }), 0x81],
    ['a client id with U+0000 [MQTT-1.5.4-2]', c({ clientId: 'a\0b' }), 0x81],
    ['an overlong client id [MQTT-1.5.4-1]', c({ clientId: raw.hex('c080') }), 0x81],
    ['a client id that is too long [MQTT-3.1.3-8]', c({ clientId: 'x'.repeat(5000) }), 0x85],
    ['a will topic that is no UTF-8 [MQTT-3.1.3-11]', c({ will: { topic: raw.hex('ff') } }), 0x81],
    ['a will topic with U+0000 [MQTT-1.5.4-2]', c({ will: { topic: 'a\0' } }), 0x81],
    ['a wildcard in the will topic [MQTT-4.7.0-1]', c({ will: { topic: 'a/#' } }), 0x90],
    ['an empty will topic [MQTT-4.7.3-1]', c({ will: { topic: '' } }), 0x90],
    [
      'a wildcard in the response topic of the will [MQTT-3.3.2-14]',
      c({ will: { ...will, properties: [p.responseTopic('a/+')] } }),
      0x82,
    ],
    ['a user name that is no UTF-8 [MQTT-3.1.3-12]', c({ userName: raw.hex('ff') }), 0x81],
    ['no property length [MQTT-2.2.2-1]', raw.frame(0x10, raw.string('MQTT'), raw.hex('05 02 0000')), 0x81],
    [
      'bytes behind the last field',
      Buffer.concat([raw.hex('10 10'), c().subarray(2), raw.hex('000102')]),
      0x81,
    ],
    ['a property that does not exist', c({ properties: [raw.hex('7f00')] }), 0x81],
    [
      'properties longer than the packet',
      raw.frame(0x10, raw.string('MQTT'), raw.hex('05 02 0000 7f 0000')),
      0x81,
    ],
    ['a session expiry given twice', c({ properties: [p.sessionExpiry(1), p.sessionExpiry(1)] }), 0x82],
    ['a receive maximum of 0', c({ properties: [p.receiveMaximum(0)] }), 0x82],
    ['a receive maximum given twice', c({ properties: [p.receiveMaximum(1), p.receiveMaximum(1)] }), 0x82],
    ['a maximum packet size of 0', c({ properties: [p.maximumPacketSize(0)] }), 0x82],
    [
      'a maximum packet size given twice',
      c({ properties: [p.maximumPacketSize(99), p.maximumPacketSize(99)] }),
      0x82,
    ],
    [
      'a topic alias maximum given twice',
      c({ properties: [p.topicAliasMaximum(1), p.topicAliasMaximum(1)] }),
      0x82,
    ],
    ['request problem information of 2', c({ properties: [p.requestProblem(2)] }), 0x82],
    ['request response information of 2', c({ properties: [p.requestResponse(2)] }), 0x82],
    ['authentication data without a method', c({ properties: [p.authData('x')] }), 0x82],
    ['an unknown authentication method [MQTT-4.12.0-1]', c({ properties: [p.authMethod('SCRAM')] }), 0x8c],
    ['a property of PUBLISH', c({ properties: [p.topicAlias(1)] }), 0x81],
    ['a property of CONNACK', c({ properties: [p.assignedClientId('x')] }), 0x81],
    [
      'a user property that is no UTF-8 [MQTT-1.5.7-1]',
      c({ properties: [p.user('k', raw.hex('ff'))] }),
      0x81,
    ],
    ['a will property in CONNECT', c({ properties: [p.willDelay(1)] }), 0x81],
    ['a CONNECT property in the will', c({ will: { ...will, properties: [p.sessionExpiry(1)] } }), 0x81],
    [
      'a will delay given twice',
      c({ will: { ...will, properties: [p.willDelay(1), p.willDelay(1)] } }),
      0x82,
    ],
    ['a payload format of 2 in the will', c({ will: { ...will, properties: [p.payloadFormat(2)] } }), 0x82],
  ];
  for (const [name, bytes, reason] of faults)
    it(`${name}: 0x${reason.toString(16)}`, async () => {
      const wire = await open();
      wire.write(bytes);
      const connack = await wire.next('connack');
      assert.equal(connack.reasonCode?.toString(16), reason.toString(16));
      // [MQTT-3.2.2-6]
      assert.equal(connack.sessionPresent, false);
      await wire.closed;
    });

  it('and what comes behind it is not looked at [MQTT-3.1.4-6]', async () => {
    const topic = fresh('t/');
    const reader = await connected(petrel);
    await reader.subscribed(topic);
    const wire = await open();
    wire.write(Buffer.concat([raw.connect({ flags: 0x03 }), raw.publish({ topic })]));
    await wire.closed;
    assert.equal((await reader.deliveries()).length, 0);
  });

  it('in MQTT 3.1.1 with its return code, or without a word for a malformed one', async () => {
    const wire = await Wire.open(petrel.port('mqtt'), 4);
    wire.write(raw.connect({ level: 4, clientId: 'x'.repeat(5000) }));
    assert.equal((await wire.next('connack')).returnCode, 2);
    await wire.closed;
    const other = await Wire.open(petrel.port('mqtt'), 4);
    other.write(raw.connect({ level: 4, flags: 0x03 }));
    await other.closed;
    assert.equal(other.received.length, 0);
    const old = await Wire.open(petrel.port('mqtt'), 4);
    old.write(raw.connect({ level: 2 }));
    assert.equal((await old.next('connack')).returnCode, 1);
    await old.closed;
  });
});

describe('CONNECT', () => {
  it('with a client id of 1 to 23 plain characters is taken [MQTT-3.1.3-5]', async () => {
    for (const clientId of ['Z', 'abcdefghijklmnopqrstuvw', 'ABCXYZ0123456789']) {
      const wire = await connected(petrel, { clientId });
      await wire.disconnect();
    }
  });

  it('without a client id gets a new one, told in CONNACK [MQTT-3.1.3-6] [MQTT-3.1.3-7] [MQTT-3.2.2-16]', async () => {
    const [one, other] = [
      await connected(petrel, { clientId: '' }),
      await connected(petrel, { clientId: '' }),
    ];
    const ids = [one, other].map(({ connack }) => connack.properties?.assignedClientIdentifier);
    assert.ok(ids[0]);
    assert.ok(ids[1]);
    assert.notEqual(ids[0], ids[1]);
    // The assigned id is the session's name from then on.
    const taking = await connected(petrel, { clientId: ids[0]! });
    await one.endsWith(0x8e);
    await taking.isServed();
  });

  it('with a known client id ends the older connection with 0x8E [MQTT-3.1.4-3] [MQTT-3.1.3-2]', async () => {
    const clientId = fresh('twice');
    const older = await connected(petrel, { clientId });
    const newer = await connected(petrel, { clientId });
    await older.endsWith(0x8e);
    await newer.isServed();
  });

  it('gets response information only where it asks for it [MQTT-3.1.2-28]', async () => {
    const without = await connected(petrel);
    assert.equal(without.connack.properties?.responseInformation, undefined);
    const refusing = await connected(petrel, { properties: [p.requestResponse(0)] });
    assert.equal(refusing.connack.properties?.responseInformation, undefined);
    const asking = await connected(petrel, { properties: [p.requestResponse(1)] });
    assert.ok(asking.connack.properties?.responseInformation);
  });

  it('is told the server keep alive where its own does not hold [MQTT-3.2.2-22] [MQTT-3.1.2-21]', async () => {
    const kept = await connected(petrel, { keepAlive: 60 });
    assert.equal(kept.connack.properties?.serverKeepAlive, undefined);
    for (const keepAlive of [0, 65_535]) {
      const wire = await connected(petrel, { keepAlive });
      assert.equal(wire.connack.properties?.serverKeepAlive, 1200);
    }
  });

  it('without a packet for one and a half keep alive times ends with 0x8D [MQTT-3.1.2-22]', async () => {
    const wire = await connected(petrel, { keepAlive: 1 });
    await wire.endsWith(0x8d);
  });

  it('learns the limits of the server, and no property that would take QoS 2 or RETAIN away [MQTT-3.2.2-9] [MQTT-3.2.2-10]', async () => {
    const { connack } = await connected(petrel);
    const { properties } = connack;
    assert.equal(properties?.receiveMaximum, 256);
    assert.equal(properties?.maximumPacketSize, 262_144);
    assert.equal(properties?.topicAliasMaximum, 16);
    assert.equal(properties?.maximumQoS, undefined);
    assert.equal(properties?.retainAvailable, undefined);
  });

  it('is refused without a reason string where that would be larger than the client takes [MQTT-3.2.2-19] [MQTT-3.1.2-24]', async () => {
    const wire = await open();
    const properties = [p.maximumPacketSize(16), p.authMethod('unknown')];
    wire.write(raw.connect({ properties }));
    await wire.closed;
    assert.ok(wire.received.length <= 16, `${wire.received.length} bytes`);
    assert.deepEqual([...wire.received.subarray(0, 5)], [0x20, 3, 0, 0x8c, 0]);
  });

  it('is refused without wills to topics of the server: 0x87 [MQTT-3.1.4-2]', async () => {
    for (const topic of ['u/x', 'n/x', '$SYS/x', 'res/x', 'send/u/bob']) {
      const { wire, reason } = await greeted(petrel, { will: { topic } });
      assert.equal(reason, 0x87, topic);
      await wire.closed;
    }
  });
});
