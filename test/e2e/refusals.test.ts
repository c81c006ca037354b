import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { directConv } from '../../schemas/event.ts';
import { assertRefused, type ChatClient, textMessage } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';
import type { User } from '../support/user.ts';

const petrel = new Petrel();
let alice: User;
let bob: User;
let gid: string;
before(async () => {
  await petrel.start();
  [alice, bob] = await petrel.users('alice', 'bob');
  const carol = await petrel.user('carol');
  gid = await carol.createGroup([]);
});
after(() => petrel.remove());

interface Refusal {
  readonly name: string;
  readonly topic: () => string;
  readonly payload: object | string;
  readonly reason: number;
  readonly code: string;
}

const toBob = () => `send/u/${bob.uid}`;
const invalid = (name: string, payload: object | string): Refusal => ({
  name,
  topic: toBob,
  payload,
  reason: 0x99,
  code: 'payload.invalid',
});
const message = textMessage('c-1', 'hi');

/** The table of section 4 of the contract. */
const refusals: readonly Refusal[] = [
  {
    name: 'to a group one is no member of',
    topic: () => `send/g/${gid}`,
    payload: message,
    reason: 0x87,
    code: 'send.not-member',
  },
  {
    name: 'to a user who does not exist',
    topic: () => 'send/u/nobody',
    payload: message,
    reason: 0x90,
    code: 'user.not-found',
  },
  {
    name: 'to a group that does not exist',
    topic: () => 'send/g/nothing',
    payload: message,
    reason: 0x90,
    code: 'group.not-found',
  },
  ...['send', 'send/u', 'send/u/', 'send/x/bob', 'send/u/bob/x', 'send/u/BOB', 'send//bob', 'send/u/-'].map(
    (topic): Refusal => ({
      name: `to the malformed topic ${topic}`,
      topic: () => topic,
      payload: message,
      reason: 0x90,
      code: 'topic.invalid',
    }),
  ),
  {
    name: 'that changes what does not exist',
    topic: toBob,
    payload: { id: 'x', type: 'recall', body: { target: 999_999 } },
    reason: 0x99,
    code: 'target.not-found',
  },
  invalid('that is empty', ''),
  invalid('that is not UTF-8', Buffer.from([0x68, 0xff, 0xfe])),
  invalid(
    'whose JSON is not UTF-8',
    Buffer.from('{"id":"a","type":"text","body":{"text":"\xff"}}', 'latin1'),
  ),
  invalid('whose JSON is cut off', '{"id":"c-1","type":"text"'),
  invalid('without an id', { type: 'text', body: { text: 'x' } }),
  invalid('with an id that is too long', textMessage('x'.repeat(65), 'x')),
  invalid('with an id of forbidden characters', textMessage('a b', 'x')),
  invalid('of an unknown type', { id: 'a', type: 'poem', body: {} }),
  invalid('of a type that is the name of an object member', { id: 'a', type: 'constructor', body: {} }),
  invalid('of a type that only the server writes', { id: 'a', type: 'system', body: { text: 'x' } }),
  invalid('without a body', { id: 'a', type: 'text' }),
  invalid('with an empty text', textMessage('a', '')),
  invalid('with an unknown member', { ...message, color: 'red' }),
  invalid('with an unknown member of its body', { id: 'a', type: 'text', body: { text: 'x', color: 'red' } }),
  invalid('with a member of the server', { ...message, seq: 7 }),
  invalid('with a member __proto__', '{"id":"a","type":"text","body":{"text":"x"},"__proto__":{}}'),
  invalid('without the kind that custom needs', { id: 'a', type: 'custom', body: { a: 1 } }),
  invalid('that is nowhere on earth', { id: 'a', type: 'location', body: { lat: 91, lng: 0 } }),
];

describe('a message over MQTT 5', () => {
  let client: ChatClient;
  before(async () => {
    client = await alice.connect();
  });

  for (const { name, topic, payload, reason, code } of refusals)
    it(`${name} is refused with 0x${reason.toString(16)} ${code}`, async () => {
      assertRefused(await client.publish(topic(), payload), reason, code);
      assertRefused(await client.publish(topic(), payload, 2), reason, code);
    });

  it('that was refused left nothing behind', async () => {
    const history = await alice.api.get(`/conversations/${directConv(alice.uid, bob.uid)}/messages`);
    assert.deepEqual(history.body.events, []);
    assert.deepEqual(await client.undelivered(), []);
  });

  it('at QoS 0 is refused by an error notice', async () => {
    client.post('send/u/nobody', textMessage('zero', 'x'), 0);
    const { ts, ...notice } = await client.notice('error');
    assert.ok(ts > 0);
    assert.deepEqual(notice, {
      type: 'error',
      id: 'zero',
      code: 'user.not-found',
      message: notice.message,
      retryable: false,
    });
  });
});

describe('a message over MQTT 3.1.1', () => {
  let client: ChatClient;
  before(async () => {
    client = await alice.connect({ version: 4 });
  });

  for (const { name, topic, payload, code } of refusals)
    it(`${name} is acknowledged, and refused by an error notice ${code}`, async () => {
      const id = client.post(topic(), payload);
      const notice = await client.notice('error');
      assert.equal(notice.code, code);
      assert.equal(typeof notice.message, 'string');
      assert.equal((await client.next('puback')).messageId, id);
    });
});

describe('a message', () => {
  it('that is larger than a packet may be ends the connection with 0x95', async () => {
    const client = await alice.connect();
    client.post(toBob(), 'x'.repeat(300_000));
    assert.equal((await client.ending())?.reasonCode, 0x95);
  });

  it('as large as a packet may be is taken', async () => {
    const client = await alice.connect({ receiveMaximum: 10 });
    const size = client.connack.properties?.maximumPacketSize ?? 0;
    assert.equal(size, 262_144);
    const head = 4 + 2 + toBob().length + 2 + 1;
    const payload = JSON.stringify(textMessage('large', '')).length;
    const ack = await client.publish(toBob(), textMessage('large', 'x'.repeat(size - head - payload)));
    assert.equal(ack.reason, 0);
  });
});
