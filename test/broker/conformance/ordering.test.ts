import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as raw from '../../support/raw.ts';
import { connected, fresh, openServer } from './wire.ts';

const petrel = openServer();
before(() => petrel.start());
after(() => petrel.remove());

describe('messages of one topic', () => {
  for (const qos of [0, 1, 2])
    it(`at QoS ${qos} reach every subscriber in the order of their sending [MQTT-4.6.0-5] [MQTT-4.6.0-6]`, async () => {
      const topic = fresh('t/');
      const readers = await Promise.all(Array.from({ length: 3 }, () => connected(petrel)));
      for (const [i, reader] of readers.entries()) {
        await reader.subscribed(i === 2 ? `${topic}/#` : topic, qos);
        reader.acknowledges = true;
      }
      const sender = await connected(petrel);
      sender.acknowledges = true;
      const count = 200;
      for (let id = 1; id <= count; id++) {
        sender.write(raw.publish({ topic, qos, id, payload: String(id) }));
        if (qos === 2) {
          await sender.next('pubrec');
          sender.write(raw.pubrel(id));
        }
      }
      await sender.ping();
      for (const reader of readers) {
        const order: number[] = [];
        while (order.length < count) order.push(Number((await reader.delivered()).payload.toString()));
        assert.deepEqual(
          order,
          Array.from({ length: count }, (_, i) => i + 1),
        );
      }
    });
});
