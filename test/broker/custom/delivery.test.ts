import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { reasons } from '../../../broker/gate/fault.ts';
import { ack, packetTypes } from '../../../broker/gate/writer.ts';
import { Bench, connect, encoded, type TestClient } from './fixture.ts';

describe('deliveries of custom topics', () => {
  let bench: Bench;
  let sender: TestClient;
  beforeEach(async () => {
    bench = await Bench.open();
    sender = connect('sender/s');
  });
  afterEach(async () => {
    await bench.topics.close();
    assert.deepEqual(bench.errors, []);
  });

  for (const version of [4, 5]) {
    it(`have the lower of the two QoS, in MQTT ${version === 4 ? '3.1.1' : '5'}`, async () => {
      for (const granted of [0, 1, 2] as const) {
        const client = connect(`bob/${granted}`, { version });
        assert.equal(await bench.subscribe(client, 'a', { qos: granted }), granted);
        for (const qos of [0, 1, 2] as const) await bench.publish(sender, 'a', 'x', { qos });
        const got = client.link.publishes();
        assert.deepEqual(
          got.map(({ qos }) => qos),
          [0, Math.min(1, granted), Math.min(2, granted)],
        );
        for (const { qos, messageId, dup, retain } of got) {
          assert.equal(dup, false);
          assert.equal(retain, false);
          if (qos > 0) assert.ok(messageId! >= 1 && messageId! <= 0x7fff);
        }
      }
    });
  }

  it('are the bytes another implementation makes', async () => {
    const properties = {
      payloadFormatIndicator: 1,
      messageExpiryInterval: 60,
      contentType: 'text/plain',
      responseTopic: 'answer/here',
      correlationData: Buffer.from([1, 2, 3]),
      userProperties: [['k', 'v']] as [string, string][],
    };
    for (const version of [4, 5]) {
      const client = connect(`bob/${version}`, { version });
      await bench.subscribe(client, 'größe/+', { qos: 0, identifier: 300 });
      await bench.publish(sender, 'größe/x', 'wörter', { qos: 0, properties });
      const expected = encoded(
        {
          cmd: 'publish',
          topic: 'größe/x',
          payload: 'wörter',
          qos: 0,
          dup: false,
          retain: false,
          ...(version < 5
            ? {}
            : {
                properties: {
                  messageExpiryInterval: 60,
                  subscriptionIdentifier: 300,
                  payloadFormatIndicator: true,
                  contentType: 'text/plain',
                  responseTopic: 'answer/here',
                  correlationData: Buffer.from([1, 2, 3]),
                  userProperties: { k: 'v' },
                },
              }),
        },
        version,
      );
      const [frame] = client.link.takeFrames();
      if (version < 5) assert.deepEqual(frame, expected);
      // The order of properties is free: the lengths agree, and so does what is decoded.
      assert.equal(frame!.length, expected.length);
      const decoded = [frame!, expected].map((bytes) => {
        client.link.send(bytes);
        return client.link.publishes()[0];
      });
      assert.deepEqual(decoded[0], decoded[1]);
    }
  });

  it('carry the properties of the message unaltered and no others', async () => {
    const client = connect('bob/b');
    await bench.subscribe(client, 'a');
    const userProperties: [string, string][] = [
      ['b', '1'],
      ['a', '2'],
      ['b', '3'],
    ];
    const foreign = { willDelayInterval: 5, topicAlias: 3, sessionExpiryInterval: 9, reasonString: 'no' };
    await bench.publish(sender, 'a', 'x', {
      properties: {
        ...foreign,
        userProperties,
        contentType: 'text/plain',
        correlationData: Buffer.from([0, 255]),
        payloadFormatIndicator: 0,
        responseTopic: 'r',
      },
    });
    const frames = client.link.takeFrames();
    const [frame] = frames;
    // three user properties in their order, with the repeated name
    const pairs = Buffer.concat(
      userProperties.map(([name, value]) =>
        Buffer.from([0x26, 0, 1, name.charCodeAt(0), 0, 1, value.charCodeAt(0)]),
      ),
    );
    assert.ok(frame!.includes(pairs));
    client.link.send(frame!);
    const [packet] = client.link.publishes();
    const { userProperties: _, ...rest } = packet!.properties!;
    assert.deepEqual(rest, {
      payloadFormatIndicator: false,
      contentType: 'text/plain',
      responseTopic: 'r',
      correlationData: Buffer.from([0, 255]),
    });
  });

  it('share one frame among receivers with the same options', async () => {
    const clients = ['a', 'b', 'c'].map((name) => connect(`${name}/x`));
    for (const client of clients) await bench.subscribe(client, 'a');
    await bench.publish(sender, 'a', 'x');
    const frames = clients.map((client) => client.link.takeFrames()[0]);
    assert.ok(frames[0] !== undefined && frames.every((frame) => frame === frames[0]));
  });

  it('leave out what is larger than the client takes, and go on', async () => {
    const client = connect('bob/b', { maxPacketSize: 30 });
    await bench.subscribe(client, 'a', { qos: 2 });
    for (const qos of [0, 1, 2] as const) await bench.publish(sender, 'a', Buffer.alloc(40), { qos });
    await bench.publish(sender, 'a', 'small');
    assert.deepEqual(client.link.payloads(), ['small']);
    assert.equal(client.session.otherInFlight, 1);
    assert.equal(bench.topics.counters.droppedLarge, 3);
  });

  it('keep within the window, and continue in order as it opens', async () => {
    const client = connect('bob/b', { window: 3 });
    await bench.subscribe(client, 'a');
    const sent = Array.from({ length: 10 }, (_, i) => `${i}`);
    for (const text of sent) await bench.publish(sender, 'a', text);
    const first = client.link.publishes();
    assert.deepEqual(
      first.map(({ payload }) => payload.toString()),
      ['0', '1', '2'],
    );
    bench.topics.acknowledge(client, 'puback', first[1]!.messageId!, 0);
    const [fourth] = client.link.publishes();
    assert.equal(fourth!.payload.toString(), '3');
    assert.equal(client.session.otherInFlight, 3);
    for (const { messageId } of [first[0]!, first[2]!, fourth!]) {
      bench.topics.acknowledge(client, 'puback', messageId!, 0);
    }
    assert.deepEqual(bench.drain(client), ['4', '5', '6', '7', '8', '9']);
    assert.equal(client.session.otherInFlight, 0);
  });

  it('share the window with the chat, and wait until it has room', async () => {
    const client = connect('bob/b', { window: 1 });
    await bench.subscribe(client, 'a');
    client.session.otherInFlight = 1; // stands for a delivery that is not ours
    await bench.publish(sender, 'a', 'x');
    assert.deepEqual(client.link.payloads(), []);
    client.session.otherInFlight = 0;
    bench.topics.roomy(client);
    assert.deepEqual(client.link.payloads(), ['x']);
  });

  it('of QoS 0 are dropped for a client that does not read, others wait for it', async () => {
    const client = connect('bob/b');
    await bench.subscribe(client, 'a');
    client.link.backlog = 300 * 1024;
    await bench.publish(sender, 'a', 'lost', { qos: 0 });
    await bench.publish(sender, 'a', 'kept');
    assert.deepEqual(client.link.payloads(), []);
    assert.equal(bench.topics.counters.droppedSlow, 1);
    client.link.backlog = 0;
    bench.topics.roomy(client);
    assert.deepEqual(client.link.payloads(), ['kept']);
  });

  it('of one slow client do not hold up another', async () => {
    const slow = connect('slow/x', { window: 1 });
    const fast = connect('fast/x');
    for (const client of [slow, fast]) await bench.subscribe(client, 'a');
    for (let i = 0; i < 5; i++) await bench.publish(sender, 'a', `${i}`);
    assert.deepEqual(fast.link.payloads(), ['0', '1', '2', '3', '4']);
    assert.deepEqual(slow.link.payloads(), ['0']);
  });

  it('of QoS 2 go through PUBREC, PUBREL and PUBCOMP, and hold their place until the end', async () => {
    const client = connect('bob/b', { window: 1 });
    await bench.subscribe(client, 'a', { qos: 2 });
    await bench.publish(sender, 'a', 'one', { qos: 2 });
    await bench.publish(sender, 'a', 'two', { qos: 2 });
    const [one] = client.link.publishes();
    const id = one!.messageId!;
    assert.equal(bench.topics.acknowledge(client, 'pubcomp', id, 0), undefined);
    assert.deepEqual(bench.topics.acknowledge(client, 'pubrec', id, 0), ack(5, packetTypes.pubrel, id));
    assert.deepEqual(client.link.payloads(), []);
    assert.equal(bench.topics.acknowledge(client, 'puback', id, 0), undefined);
    assert.deepEqual(client.link.payloads(), []);
    bench.topics.acknowledge(client, 'pubcomp', id, 0);
    assert.deepEqual(client.link.payloads(), ['two']);
  });

  it('of QoS 2 end with a PUBREC that refuses', async () => {
    const client = connect('bob/b', { window: 1 });
    await bench.subscribe(client, 'a', { qos: 2 });
    await bench.publish(sender, 'a', 'one', { qos: 2 });
    const [one] = client.link.publishes();
    assert.equal(bench.topics.acknowledge(client, 'pubrec', one!.messageId!, 0x97), undefined);
    assert.equal(client.session.otherInFlight, 0);
  });

  it('answer a PUBREC of an unknown id with 0x92', async () => {
    const client = connect('bob/b');
    const expected = ack(5, packetTypes.pubrel, 77, reasons.packetIdNotFound);
    assert.deepEqual(bench.topics.acknowledge(client, 'pubrec', 77, 0), expected);
    await bench.subscribe(client, 'a');
    assert.deepEqual(bench.topics.acknowledge(client, 'pubrec', 77, 0), expected);
    assert.equal(bench.topics.acknowledge(client, 'puback', 77, 0), undefined);
    assert.equal(bench.topics.acknowledge(client, 'pubcomp', 77, 0), undefined);
  });

  it('never use a packet id twice at a time, however long one stays unanswered', async () => {
    const client = connect('bob/b', { window: 5 });
    await bench.subscribe(client, 'a');
    await bench.publish(sender, 'a', 'held');
    const [held] = client.link.publishes();
    const other = connect('carol/c', { window: 10 });
    await bench.subscribe(other, 'b');
    for (let i = 0; i < 0x7fff - 1; i++) {
      await bench.publish(sender, 'b', '');
      for (const { messageId } of other.link.publishes()) {
        assert.ok(messageId! >= 1 && messageId! <= 0x7fff);
        bench.topics.acknowledge(other, 'puback', messageId!, 0);
      }
    }
    await bench.publish(sender, 'a', 'next');
    const [next] = client.link.publishes();
    assert.notEqual(next!.messageId, held!.messageId);
    assert.equal(client.session.otherInFlight, 2);
  });

  it('are refused with store.unavailable after the end', async () => {
    await bench.topics.close();
    await assert.rejects(bench.publish(sender, 'a', 'x'), { code: 'store.unavailable' });
  });
});
