import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as raw from '../../support/raw.ts';
import { connected, fresh, openServer, type Wire } from '../conformance/wire.ts';

const petrel = openServer({ PETREL_MQTT_MAX_SUBSCRIPTIONS: '1000' });
before(() => petrel.start());
after(() => petrel.remove());

/** Waits of a bystander's PINGREQs while the work lasts: the longest one, ms. A test of blocking, not of speed. */
async function longestWait(work: Promise<unknown>): Promise<number> {
  const bystander = await connected(petrel);
  let done = false;
  const settled = work.finally(() => {
    done = true;
  });
  let longest = 0;
  do {
    const begunAt = performance.now();
    await bystander.ping();
    longest = Math.max(longest, performance.now() - begunAt);
  } while (!done);
  await settled;
  await bystander.drop();
  return longest;
}

/** A server that is blocked is so for seconds; on a busy machine the scheduler alone costs hundreds of ms. */
const boundMs = 1000;

const lasting = () => ({ clientId: fresh('s'), clean: false, properties: [raw.property.sessionExpiry(60)] });

async function subscribeAndWait(wire: Wire, bytes: Buffer): Promise<readonly unknown[]> {
  wire.write(bytes);
  return (await wire.next('suback')).granted;
}

describe('one packet', () => {
  it('of 10,000 filters on a persistent session holds nobody up, and is answered filter by filter', async (t) => {
    const filters = Array.from({ length: 10_000 }, (_, i) => [`many/${i}/+`, 1] as const);
    const wire = await connected(petrel, lasting());
    const work = subscribeAndWait(wire, raw.subscribe(1, filters));
    const waited = await longestWait(work);
    t.diagnostic(`a bystander waited ${waited.toFixed(1)} ms at most`);
    const granted = await work;
    assert.deepEqual(granted.slice(0, 1000), Array(1000).fill(1));
    assert.deepEqual(granted.slice(1000), Array(9000).fill(0x97));
    assert.ok(waited < boundMs, `${waited} ms`);
  });

  it('of as many filters as fit, all the same or all wild, holds nobody up', async (t) => {
    for (const filter of ['a', '#', '+', '$share/g/a']) {
      const count = Math.floor(250_000 / (filter.length + 3));
      const wire = await connected(petrel, lasting());
      const filters = Array.from({ length: count }, () => [filter, 1] as const);
      const work = subscribeAndWait(wire, raw.subscribe(1, filters));
      const waited = await longestWait(work);
      t.diagnostic(`${filter}: a bystander waited ${waited.toFixed(1)} ms at most`);
      assert.equal((await work).length, count);
      assert.ok(waited < boundMs, `${filter}: ${waited} ms`);
      const leaving = (async () => {
        wire.write(
          raw.unsubscribe(
            2,
            filters.map(([one]) => one),
          ),
        );
        await wire.next('unsuback');
      })();
      const waitedAgain = await longestWait(leaving);
      assert.ok(waitedAgain < boundMs, `${filter}: ${waitedAgain} ms`);
      await wire.drop();
    }
  });

  it('with thousands of properties holds nobody up', async () => {
    const wire = await connected(petrel);
    const topic = fresh('t/');
    await wire.subscribed(topic);
    const properties = Array.from({ length: 25_000 }, () => raw.property.user('k', 'v'));
    const waited = await longestWait(
      (async () => {
        wire.write(raw.publish({ topic, properties }));
        await wire.delivered();
      })(),
    );
    assert.ok(waited < boundMs, `${waited} ms`);
  });
});

const memory = async (): Promise<number> => {
  const reply = await fetch(`${petrel.url('http')}/metrics`);
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(await reply.text())?.[1]);
};
const maxGrowthBytes = 80 * 1024 * 1024;

describe('a client that stops reading', () => {
  it('costs the others nothing and little memory, whatever is sent to it', async () => {
    const topic = fresh('busy/');
    const stalled = await Promise.all(
      [0, 1, 2].map((qos) => connected(petrel, { ...lasting(), keepAlive: qos })),
    );
    for (const [qos, wire] of stalled.entries()) {
      await wire.subscribed(topic, qos);
      wire.socket.pause();
    }
    const reader = await connected(petrel);
    reader.acknowledges = true;
    await reader.subscribed(topic, 1);
    const sender = await connected(petrel);
    const before = await memory();
    const payload = Buffer.alloc(100_000, 'x');
    const work = (async () => {
      for (let id = 1; id <= 200; id++) {
        sender.write(raw.publish({ topic, qos: 1, id, payload }));
        await sender.next('puback');
        await reader.delivered();
      }
    })();
    const waited = await longestWait(work);
    const grown = (await memory()) - before;
    assert.ok(waited < boundMs, `${waited} ms`);
    assert.ok(grown < maxGrowthBytes, `${grown} bytes`);
    for (const wire of stalled) await wire.drop();
  });

  it('and goes on asking is not read any further: its answers do not pile up', async () => {
    const wire = await connected(petrel, { keepAlive: 0 });
    wire.socket.pause();
    const before = await memory();
    const pings = Buffer.alloc(1_000_000, Buffer.from('c000', 'hex'));
    const requests = Buffer.concat(
      Array.from({ length: 3000 }, (_, i) => raw.subscribe(1 + i, Array(100).fill(['u/x', 0]))),
    );
    // As much as it takes, until the server reads no further.
    let taken = true;
    for (let i = 0; i < 60 && taken; i++) {
      taken = await written(wire, i % 2 === 0 ? pings : requests);
    }
    assert.equal(taken, false);
    const grown = (await memory()) - before;
    // That it is read no further is what bounds it; the rest is garbage of 180,000 filters that nobody has collected yet.
    assert.ok(grown < 3 * maxGrowthBytes, `${grown} bytes`);
    const other = await connected(petrel);
    await other.isServed();
    // When it reads again, it is served again.
    wire.ignores = 'pingresp';
    wire.socket.resume();
    await wire.next('suback');
    await wire.drop();
  });
});

/** Whether the other side took the bytes within a second. */
async function written(wire: Wire, bytes: Buffer): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const late = setTimeout(() => resolve(false), 1000);
    wire.socket.write(bytes, () => {
      clearTimeout(late);
      resolve(true);
    });
  });
}
