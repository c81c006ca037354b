import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { ChatClient } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';
import type { User } from '../support/user.ts';

const petrel = new Petrel({
  PETREL_MQTT_RECEIVE_MAXIMUM: '4',
  PETREL_TOPICS_CUSTOM: JSON.stringify([{ match: '#', allow: ['publish', 'subscribe'] }]),
});
before(() => petrel.start());
after(() => petrel.remove());

const session = { clientId: 'sender', clean: false, expiry: 600 };

describe('a QoS 2 message from a client', () => {
  let alice: User;
  let from: ChatClient;
  beforeEach(async () => {
    alice = await petrel.user('alice');
    from = await alice.connect(session);
  });

  const listen = async (): Promise<ChatClient> => {
    const to = await alice.connect();
    await to.subscribe([{ topic: `x/${alice.uid}`, qos: 2 }]);
    return to;
  };

  /** Sends it as far as the PUBREC. */
  const begin = async (messageId: number, text: string, dup = false): Promise<void> => {
    from.post(`x/${alice.uid}`, text, 2, { messageId, dup });
    assert.equal((await from.next('pubrec')).reasonCode ?? 0, 0);
  };

  const release = async (messageId: number): Promise<number> => {
    from.send({ cmd: 'pubrel', messageId });
    return (await from.next('pubcomp')).reasonCode ?? 0;
  };

  const comeBack = async (): Promise<void> => {
    from = await alice.connect(session);
    assert.equal(from.connack.sessionPresent, true);
  };

  const texts = async (to: ChatClient): Promise<string[]> => {
    // At QoS 1 from another connection, behind everything that was sent before.
    await (await alice.connect()).publish(`x/${alice.uid}`, 'end');
    const got = [];
    for (let text = ''; text !== 'end'; got.push(text)) text = (await to.delivery()).payload.toString();
    return got;
  };

  it('is delivered once, though it is sent again on the next connection [MQTT-4.3.3-10]', async () => {
    const to = await listen();
    await begin(7, 'one');
    await from.drop();
    await comeBack();
    await begin(7, 'one', true);
    assert.equal(await release(7), 0);
    await begin(7, 'two');
    assert.equal(await release(7), 0);
    assert.deepEqual(await texts(to), ['one', 'two', 'end']);
  });

  it('is released on the next connection, or the one after it [MQTT-4.3.3-11]', async () => {
    await begin(1, 'one');
    await begin(2, 'two');
    await from.drop();
    await comeBack();
    assert.equal(await release(1), 0);
    await from.drop();
    await comeBack();
    assert.equal(await release(2), 0);
    assert.equal(await release(1), 0x92);
  });

  it('is remembered over a restart of the server', async () => {
    await begin(9, 'one');
    await petrel.stop();
    await petrel.start();
    const to = await listen();
    await comeBack();
    await begin(9, 'one', true);
    assert.equal(await release(9), 0);
    assert.deepEqual(await texts(to), ['end']);
  });

  it('is forgotten with its session', async () => {
    const to = await listen();
    await begin(3, 'one');
    await from.drop();
    from = await alice.connect({ ...session, clean: true });
    assert.equal(await release(3), 0x92);
    await begin(3, 'two');
    assert.deepEqual(await texts(to), ['one', 'two', 'end']);
  });

  it('takes no room on the next connection unless it is sent again; the newest are remembered', async () => {
    for (const id of [1, 2, 3, 4]) await begin(id, 'x');
    await from.drop();
    await comeBack();
    for (const id of [5, 6, 7, 8]) await begin(id, 'x');
    await from.drop();
    await comeBack();
    assert.equal(await release(4), 0x92);
    for (const id of [5, 6, 7, 8]) assert.equal(await release(id), 0);
  });
});
