import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { generate } from 'mqtt-packet';
import { readAck, readDisconnect } from '../../../broker/gate/acks.ts';
import { readConnect, readVersion } from '../../../broker/gate/connect.ts';
import { ProtocolFault } from '../../../broker/gate/fault.ts';
import { readProperties } from '../../../broker/gate/properties.ts';
import { readPublish } from '../../../broker/gate/publish.ts';
import { Reader } from '../../../broker/gate/reader.ts';
import { readSubscribe, readUnsubscribe } from '../../../broker/gate/subscribe.ts';
import { encodeProperties, publish, putVarint, varintLength } from '../../../broker/gate/writer.ts';

const reader = (...bytes: number[]): Reader => new Reader(Buffer.from(bytes), 0, bytes.length);

/** The body of a packet that another implementation wrote. */
function bodyOf(frame: Buffer): Reader {
  const whole = new Reader(frame, 1, frame.length);
  whole.varint();
  return new Reader(frame, whole.at, frame.length);
}

const faultOf = (work: () => unknown): number => {
  try {
    work();
  } catch (error) {
    if (error instanceof ProtocolFault) return error.reason;
    throw error;
  }
  return 0;
};

const aliases = () => ({ maximum: 4, topics: new Map<number, string>() });

describe('Reader', () => {
  it('reads every variable byte integer back, in its shortest form only', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 268_435_455 }), (value) => {
        const bytes = Buffer.alloc(4);
        const end = putVarint(bytes, 0, value);
        assert.equal(end, varintLength(value));
        assert.equal(new Reader(bytes, 0, end).varint(), value);
      }),
    );
    assert.equal(
      faultOf(() => reader(0x80, 0x00).varint()),
      0x81,
    );
    assert.equal(
      faultOf(() => reader(0xff, 0xff, 0xff, 0xff, 0x01).varint()),
      0x81,
    );
  });

  it('refuses strings that are not well-formed UTF-8, hold U+0000 or reach beyond the packet', () => {
    assert.equal(reader(0, 2, 0xc3, 0xa9).string(), 'é');
    assert.equal(
      faultOf(() => reader(0, 1, 0).string()),
      0x81,
    );
    assert.equal(
      faultOf(() => reader(0, 2, 0xc0, 0x80).string()),
      0x81,
    );
    assert.equal(
      faultOf(() => reader(0, 3, 0xed, 0xa0, 0x80).string()),
      0x81,
    );
    assert.equal(
      faultOf(() => reader(0, 3, 0x61).string()),
      0x81,
    );
  });

  it('refuses the packet identifier 0', () => {
    assert.equal(
      faultOf(() => reader(0, 0).packetId()),
      0x81,
    );
  });
});

describe('readProperties', () => {
  it('reads back what encodeProperties wrote', () => {
    const properties = {
      payloadFormatIndicator: 1,
      messageExpiryInterval: 7,
      contentType: 'text/plain',
      responseTopic: 'res/x',
      correlationData: Buffer.from([1, 2, 3]),
      userProperties: [
        ['a', '1'],
        ['a', '2'],
      ] as [string, string][],
    };
    const bytes = encodeProperties(properties);
    assert.deepEqual(readProperties(new Reader(bytes, 0, bytes.length), 'publish'), properties);
  });

  it('refuses a property that is unknown or foreign with 0x81, repeated or out of range with 0x82', () => {
    assert.equal(
      faultOf(() => readProperties(reader(2, 0x7f, 0), 'publish')),
      0x81,
    );
    assert.equal(
      faultOf(() => readProperties(reader(3, 0x21, 0, 5), 'publish')),
      0x81,
    );
    assert.equal(
      faultOf(() => readProperties(reader(4, 0x01, 1, 0x01, 1), 'publish')),
      0x82,
    );
    assert.equal(
      faultOf(() => readProperties(reader(2, 0x01, 2), 'publish')),
      0x82,
    );
    assert.equal(
      faultOf(() => readProperties(reader(3, 0x21, 0, 0), 'connect')),
      0x82,
    );
    assert.equal(
      faultOf(() => readProperties(reader(4, 0x11, 0, 0, 0, 1), 'connect')),
      0x81,
    );
  });
});

describe('readConnect', () => {
  const connect = (options: object): Reader =>
    bodyOf(
      generate({
        cmd: 'connect',
        clientId: 'c',
        protocolId: 'MQTT',
        clean: true,
        keepalive: 3,
        ...options,
      } as never),
    );

  it('reads a CONNECT of MQTT 5 and of 3.1.1 with will, user name and password', () => {
    for (const version of [4, 5] as const) {
      const body = connect({
        protocolVersion: version,
        username: 'bob',
        password: Buffer.from('t'),
        will: { topic: 'send/u/a', payload: Buffer.from('bye'), qos: 1, retain: true },
      });
      const spoken = readVersion(body);
      assert.deepEqual(spoken, { version, offered: true });
      const packet = readConnect(body, spoken);
      assert.equal(packet.clientId, 'c');
      assert.equal(packet.keepAlive, 3);
      assert.equal(packet.userName, 'bob');
      assert.equal(packet.password?.toString(), 't');
      assert.deepEqual(packet.will, { topic: 'send/u/a', payload: Buffer.from('bye'), qos: 1, retain: true });
    }
  });

  const five = { version: 5, offered: true } as const;

  it('refuses a protocol level that is not offered with 0x84', () => {
    const refused = (letter: number, level: number) => {
      const body = reader(0, 4, 0x4d, 0x51, 0x54, letter, level);
      return readConnect(body, readVersion(body));
    };
    assert.equal(
      faultOf(() => refused(0x54, 6)),
      0x84,
    );
    assert.equal(
      faultOf(() => refused(0x58, 5)),
      0x84,
    );
  });

  it('refuses the reserved flag, a will QoS of 3 and will flags without a will with 0x81', () => {
    const body = [0, 60, 0, 0, 1, 0x63];
    assert.equal(
      faultOf(() => readConnect(reader(0x03, ...body), five)),
      0x81,
    );
    assert.equal(
      faultOf(() => readConnect(reader(0x1e, ...body), five)),
      0x81,
    );
    assert.equal(
      faultOf(() => readConnect(reader(0x22, ...body), five)),
      0x81,
    );
  });

  it('refuses bytes behind the last field', () => {
    assert.equal(
      faultOf(() => readConnect(reader(0x02, 0, 60, 0, 0, 1, 0x63, 0), five)),
      0x81,
    );
  });
});

describe('readPublish', () => {
  it('reads back what publish wrote, in both versions', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(4, 5),
        fc.constantFrom(0 as const, 1 as const, 2 as const),
        fc.uint8Array({ maxLength: 200 }),
        (version, qos, payload) => {
          const frame = publish(version, { topic: 'a/b', payload, qos, id: 7, retain: true });
          const packet = readPublish(bodyOf(frame), frame[0]! & 0x0f, version, aliases());
          assert.equal(packet.topic, 'a/b');
          assert.equal(packet.qos, qos);
          assert.equal(packet.retain, true);
          assert.equal(packet.id, qos === 0 ? 0 : 7);
          assert.deepEqual(new Uint8Array(packet.payload), payload);
        },
      ),
    );
  });

  it('resolves topic aliases and refuses 0, too large ones (0x94) and unknown ones (0x82)', () => {
    const known = aliases();
    const withAlias = (topic: string, alias: number) =>
      bodyOf(publish(5, { topic, payload: Buffer.of(), qos: 0, properties: { topicAlias: alias } }));
    assert.equal(readPublish(withAlias('a', 1), 0, 5, known).topic, 'a');
    assert.equal(readPublish(withAlias('', 1), 0, 5, known).topic, 'a');
    assert.equal(
      faultOf(() => readPublish(withAlias('', 2), 0, 5, known)),
      0x82,
    );
    assert.equal(
      faultOf(() => readPublish(withAlias('a', 0), 0, 5, known)),
      0x94,
    );
    assert.equal(
      faultOf(() => readPublish(withAlias('a', 5), 0, 5, known)),
      0x94,
    );
  });

  it('refuses QoS 3 and DUP at QoS 0 (0x81), wildcards and no topic (0x90), a foreign property (0x81)', () => {
    const body = (topic: string) => bodyOf(publish(4, { topic, payload: Buffer.of(), qos: 0 }));
    assert.equal(
      faultOf(() => readPublish(body('a'), 0x06, 4, aliases())),
      0x81,
    );
    assert.equal(
      faultOf(() => readPublish(body('a'), 0x08, 4, aliases())),
      0x81,
    );
    for (const topic of ['a/+', '#', ''])
      assert.equal(
        faultOf(() => readPublish(body(topic), 0, 4, aliases())),
        0x90,
      );
    const identified = bodyOf(
      publish(5, { topic: 'a', payload: Buffer.of(), qos: 0, properties: { subscriptionIdentifiers: [1] } }),
    );
    assert.equal(
      faultOf(() => readPublish(identified, 0, 5, aliases())),
      0x81,
    );
  });
});

describe('readSubscribe and readUnsubscribe', () => {
  it('reads filters with their options and the identifier', () => {
    const frame = generate(
      {
        cmd: 'subscribe',
        messageId: 9,
        subscriptions: [{ topic: 'a/#', qos: 1, nl: true, rap: true, rh: 2 }],
        properties: { subscriptionIdentifier: 5 },
      },
      { protocolVersion: 5 },
    );
    assert.deepEqual(readSubscribe(bodyOf(frame), 5), {
      id: 9,
      subscriptions: [
        { filter: 'a/#', qos: 1, noLocal: true, retainAsPublished: true, retainHandling: 2, identifier: 5 },
      ],
    });
  });

  it('refuses reserved option bits and QoS 3 (0x81), retain handling 3, No Local on a share and no filter (0x82)', () => {
    const one = (options: number, filter = 'a') =>
      reader(0, 1, 0, 0, filter.length, ...Buffer.from(filter), options);
    assert.equal(
      faultOf(() => readSubscribe(one(0x40), 5)),
      0x81,
    );
    assert.equal(
      faultOf(() => readSubscribe(one(0x03), 5)),
      0x81,
    );
    assert.equal(
      faultOf(() => readSubscribe(one(0x30), 5)),
      0x82,
    );
    assert.equal(
      faultOf(() => readSubscribe(one(0x04, '$share/s/a'), 5)),
      0x82,
    );
    assert.equal(
      faultOf(() => readSubscribe(reader(0, 1, 0), 5)),
      0x82,
    );
    assert.equal(
      faultOf(() => readUnsubscribe(reader(0, 1, 0), 5)),
      0x82,
    );
  });
});

describe('readAck and readDisconnect', () => {
  it('read the short forms as success and refuse reason codes the packet may not carry', () => {
    assert.deepEqual(readAck(reader(0, 3), 5, false), { id: 3, reason: 0 });
    assert.equal(
      faultOf(() => readAck(reader(0, 3, 0x92), 5, false)),
      0x82,
    );
    assert.deepEqual(readAck(reader(0, 3, 0x92), 5, true), { id: 3, reason: 0x92 });
    assert.deepEqual(readDisconnect(reader(), 5), { reason: 0 });
    assert.deepEqual(readDisconnect(reader(4, 5, 0x11, 0, 0, 0, 9), 5), {
      reason: 4,
      sessionExpiryInterval: 9,
    });
    assert.equal(
      faultOf(() => readDisconnect(reader(0x8e), 5)),
      0x82,
    );
  });
});
