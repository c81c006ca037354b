import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { textMessage } from '../support/chat-client.ts';
import type { PacketClient } from '../support/packet-client.ts';
import { Petrel } from '../support/petrel.ts';

const petrel = new Petrel();
before(() => petrel.start());
after(() => petrel.remove());

/** The next state of the user that the client is sent. */
async function presenceOf(client: PacketClient, uid: string) {
  const packet = await client.next('publish', ({ topic }) => topic === `presence/${uid}`);
  const { ts, ...state } = JSON.parse(packet.payload.toString()) as {
    uid: string;
    online: boolean;
    ts: number;
  };
  assert.ok(ts > 0);
  assert.equal(state.uid, uid);
  return { online: state.online, retain: packet.retain };
}

describe('presence/{uid}', () => {
  it('tells contacts the state when they subscribe, retained, and each change after it', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const watcher = await alice.connect();
    await watcher.publish(`send/u/${bob.uid}`, textMessage('c-1', 'hi'));
    assert.deepEqual(await watcher.subscribe([`presence/${bob.uid}`]), [1]);
    assert.deepEqual(await presenceOf(watcher, bob.uid), { online: false, retain: true });
    const phone = await bob.connect();
    assert.deepEqual(await presenceOf(watcher, bob.uid), { online: true, retain: false });
    phone.send({ cmd: 'disconnect' });
    assert.deepEqual(await presenceOf(watcher, bob.uid), { online: false, retain: false });
  });

  it('is not for strangers (0x87); everyone may watch themselves', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const client = await alice.connect();
    const filters = [`presence/${bob.uid}`, 'presence/nobody', 'presence/+', `presence/${alice.uid}`];
    assert.deepEqual(await client.subscribe(filters), [0x87, 0x87, 0x87, 1]);
    assert.deepEqual(await presenceOf(client, alice.uid), { online: true, retain: true });
  });

  it('is watched on by a session that comes back, and no more after UNSUBSCRIBE', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const options = { clientId: 'phone', clean: false, expiry: 600 };
    const first = await alice.connect(options);
    await first.publish(`send/u/${bob.uid}`, textMessage('c-1', 'hi'));
    await first.subscribe([`presence/${bob.uid}`]);
    first.drop();
    const again = await alice.connect(options);
    assert.equal((await presenceOf(again, bob.uid)).online, false);
    assert.deepEqual(await again.unsubscribe([`presence/${bob.uid}`]), [0]);
    assert.deepEqual(await again.unsubscribe([`presence/${bob.uid}`]), [0x11]);
  });
});

describe('typing/…', () => {
  it('tells the other in a direct conversation and the members of a group, at QoS 0', async () => {
    const [alice, bob, carol] = await petrel.users('alice', 'bob', 'carol');
    const gid = await alice.createGroup([bob, carol]);
    const [a, b, c] = [await alice.connect(), await bob.connect(), await carol.connect()];
    a.post(`typing/u/${bob.uid}`, { on: true }, 0);
    const { type, conv, uid, on } = await b.notice('typing');
    assert.deepEqual([type, uid, on], ['typing', alice.uid, true]);
    assert.match(String(conv), /^u:/);
    a.post(`typing/g/${gid}`, { on: false }, 0);
    for (const member of [b, c]) {
      const notice = await member.notice('typing');
      assert.deepEqual([notice.conv, notice.uid, notice.on], [`g:${gid}`, alice.uid, false]);
    }
  });
});
