import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { directConv } from '../../schemas/event.ts';
import { assertRefused, textMessage } from '../support/chat-client.ts';
import { allow, answer, Moderator } from '../support/moderator.ts';
import { Petrel } from '../support/petrel.ts';
import { until } from '../support/until.ts';

const secretText = 'words that nobody else may read';
let moderator: Moderator;
let petrel: Petrel;

before(async () => {
  moderator = await new Moderator().start();
  petrel = new Petrel({
    PETREL_MODERATION_URL: moderator.url,
    PETREL_MODERATION_WORDS: '["damn"]',
    PETREL_MODERATION_TIMEOUT: '1000',
  });
  await petrel.start();
});
after(async () => {
  await petrel.remove();
  await moderator.stop();
});
beforeEach(() => {
  moderator.asked.length = 0;
  moderator.reply = allow;
});

describe('moderation of what is published', () => {
  it('is waited for by a server that stops: what is in hand is stored and acknowledged', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const client = await alice.connect();
    const reached = new Promise<() => void>((resolve) => {
      moderator.reply = (asked, response) => resolve(() => allow(asked, response));
    });
    const id = client.post(`send/u/${bob.uid}`, textMessage('1', 'just in time'));
    const release = await reached;
    const stopped = petrel.stop();
    await until('the server to stop', () => petrel.output.includes('"Stopping."'));
    release();
    assert.equal((await client.acked(id)).reason, 0);
    assert.equal((await client.ending())?.reasonCode, 0x8b);
    assert.equal((await stopped).code, 0);
    await petrel.start();
    const { body } = await bob.api.get(`/conversations/${directConv(alice.uid, bob.uid)}/messages`);
    assert.equal((body.events as unknown[]).length, 1);
  });

  it('refuses with 0x87 and the reason, and goes on with the next message', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const [a, b] = [await alice.connect(), await bob.connect()];
    const toBob = `send/u/${bob.uid}`;
    assertRefused(await a.publish(toBob, textMessage('1', 'DAMN')), 0x87, 'send.rejected');
    assertRefused(await a.publish(toBob, 'damn plain text'), 0x87, 'send.rejected');
    moderator.reply = answer({ action: 'refuse', reason: 'no links' });
    const ack = await a.publish(toBob, textMessage('2', 'x'), 2);
    assertRefused(ack, 0x87, 'send.rejected');
    assert.equal(ack.reasonString, 'send.rejected: no links');
    moderator.reply = allow;
    assert.equal((await a.publish(toBob, textMessage('3', 'fine'))).properties.seq, '1');
    assert.deepEqual((await b.event()).body, { text: 'fine' });
  });

  it('keeps the order in which one connection sends, whatever the hook takes for each', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const [a, b] = [await alice.connect(), await bob.connect()];
    moderator.reply = (asked, response) => {
      const laterMs = String(asked.body.id).endsWith('0') ? 30 : 0;
      setTimeout(() => allow(asked, response), laterMs);
    };
    const ids = Array.from({ length: 25 }, (_, i) => `m-${i}`);
    for (const id of ids) a.post(`send/u/${bob.uid}`, textMessage(id, 'x'));
    const events = await b.events(25);
    assert.deepEqual(
      events.map(({ id }) => id),
      ids,
    );
    assert.deepEqual(
      moderator.asked.map(({ body }) => body.id),
      ids,
    );
  });

  it('delivers and stores what the hook makes of a message', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const [a, b] = [await alice.connect(), await bob.connect()];
    moderator.reply = answer({ action: 'replace', body: { text: 'nicer' } });
    await a.publish(`send/u/${bob.uid}`, textMessage('1', 'x'));
    assert.deepEqual((await b.event()).body, { text: 'nicer' });
  });

  it('asks for another attempt while the hook fails: 0x83, and DISCONNECT without PUBACK before MQTT 5', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const client = await alice.connect();
    const old = await alice.connect({ version: 4 });
    moderator.reply = answer({}, 500);
    assertRefused(
      await client.publish(`send/u/${bob.uid}`, textMessage('1', 'x')),
      0x83,
      'moderation.unavailable',
    );
    old.post(`send/u/${bob.uid}`, textMessage('2', 'x'));
    await old.ending();
    assert.deepEqual(
      old.inbox.filter(({ cmd }) => cmd === 'puback'),
      [],
    );
    moderator.reply = allow;
    assert.equal((await client.publish(`send/u/${bob.uid}`, textMessage('1', 'x'))).reason, 0);
  });

  it('looks at a will', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const will = (text: string) => ({
      topic: `send/u/${bob.uid}`,
      payload: Buffer.from(text),
      qos: 1 as const,
      retain: false,
    });
    (await alice.connect({ will: will('a damn will') })).drop();
    (await alice.connect({ will: will('a good will') })).drop();
    const b = await bob.connect({ clientId: 'late' });
    const conv = directConv(alice.uid, bob.uid);
    const events = await until('the will', async () => {
      const { body } = await bob.api.get<{ events: { body: unknown }[] }>(`/conversations/${conv}/messages`);
      return body.events.length > 0 ? body.events : undefined;
    });
    assert.deepEqual(
      events.map(({ body }) => body),
      [{ text: 'a good will' }],
    );
    b.drop();
  });

  it('counts, and writes nothing of a message into the log', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const client = await alice.connect();
    moderator.reply = answer({ action: 'refuse', reason: secretText });
    await client.publish(`send/u/${bob.uid}`, textMessage('1', secretText));
    moderator.reply = (_, response) => void response.writeHead(200).end(`{"action":"${secretText}"}`);
    await client.publish(`send/u/${bob.uid}`, textMessage('2', secretText));
    const metrics = await (await fetch(`${petrel.url('http')}/metrics`)).text();
    for (const labels of [
      'by="hook",result="refused"',
      'by="hook",result="failed"',
      'by="words",result="allowed"',
    ])
      assert.match(metrics, new RegExp(`petrel_moderation_checks_total\\{${labels}\\} [1-9]`));
    assert.match(petrel.output, /The moderation hook failed/);
    assert.doesNotMatch(petrel.output, new RegExp(secretText));
  });
});
