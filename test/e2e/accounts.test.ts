import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { directConv, type EventDocument } from '../../schemas/event.ts';
import { textMessage } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';
import { until } from '../support/until.ts';
import { User } from '../support/user.ts';

const petrel = new Petrel();
before(() => petrel.start());
after(() => petrel.remove());

const password = 'correct horse';
const administrative = 0x98;
const badToken = 0x86;

/** Signs a user up or in; a `User` with the token of that sign-in. */
async function signIn(uid: string, operation: 'register' | 'login', more: object = {}): Promise<User> {
  const { status, body } = await petrel
    .api()
    .post<{ accessToken: string }>(`/auth/${operation}`, { uid, password, ...more });
  assert.ok(status < 300, `${operation}: ${status}`);
  return new User(petrel, uid, body.accessToken);
}

async function allOf(user: User, conv: string): Promise<EventDocument[]> {
  const events: EventDocument[] = [];
  for (;;) {
    const path = `/conversations/${conv}/messages?raw=1&limit=500&after=${events.at(-1)?.seq ?? 0}`;
    const { status, body } = await user.api.get<{ events: EventDocument[]; more: boolean }>(path);
    assert.equal(status, 200);
    events.push(...body.events);
    if (!body.more) return events;
  }
}

const isTold = ({ type, body }: EventDocument): boolean =>
  type === 'system' && body?.action === 'user-removed';

describe('a change of password', () => {
  it('ends the connections of all other sign-ins, also on the same device, and no others', async () => {
    const own = await signIn('pat', 'register');
    const others = await Promise.all(['phone', 'laptop'].map((device) => signIn('pat', 'login', { device })));
    const again = await signIn('pat', 'login', { device: 'phone' });
    const outside = petrel.known('pat');
    const kept = await Promise.all([own.connect(), outside.connect()]);
    const ending = await Promise.all([...others, again].map((user) => user.connect()));
    const change = { password, newPassword: 'battery staple' };
    const answer = await kept[0]!.request('me.password', change);
    assert.equal(answer.ok, true);
    for (const client of ending) assert.equal((await client.ending())?.reasonCode, administrative);
    for (const client of kept) await client.ping();
    for (const user of others) assert.equal((await user.tryConnect()).reason, badToken);
  });
});

describe('the removal of an account', () => {
  it('ends connections and sessions at once, and its tombstones reach those who were there and away', async () => {
    const user = await signIn('robin', 'register');
    const [bob, carol] = await petrel.users('bob', 'carol');
    const away = await carol.connect({ clientId: 'away', expiry: 3600 });
    await away.disconnect();
    const watching = await bob.connect();
    const [first, second] = [
      await user.connect({
        clientId: 'phone',
        expiry: 3600,
        will: {
          topic: `send/u/${bob.uid}`,
          payload: Buffer.from(JSON.stringify(textMessage('will', 'last words'))),
          qos: 1,
          retain: false,
        },
      }),
      await petrel.known('robin').connect(),
    ];
    const gid = await user.createGroup([bob, carol]);
    for (const topic of [`send/u/${bob.uid}`, `send/u/${carol.uid}`, `send/g/${gid}`])
      await first.publish(topic, textMessage('m1', 'a secret'));
    await watching.event(directConv('robin', bob.uid));

    assert.equal((await first.request('me.remove', { password })).ok, true);
    for (const client of [first, second]) assert.equal((await client.ending())?.reasonCode, administrative);
    for (const one of [user, petrel.known('robin', { did: 'another' })])
      assert.equal((await one.tryConnect({ clientId: 'phone', clean: false })).reason, badToken);
    const told = await until('the news', async () => {
      const event = await watching.event(directConv('robin', bob.uid));
      return isTold(event) ? event : undefined;
    });
    assert.deepEqual([told.from, told.body?.uid], ['system', 'robin']);
    const after = await allOf(bob, directConv('robin', bob.uid));
    assert.equal(after.filter(({ id }) => id === 'will').length, 0);
    const ack = await watching.publish('send/u/robin', textMessage('m2', 'hello?'));
    assert.equal(ack.reason, 0x90);

    await until('the news of the group', async () => (await allOf(bob, `g:${gid}`)).some(isTold));
    await until('the news of the other', async () =>
      (await allOf(carol, directConv('robin', carol.uid))).some(isTold),
    );
    const back = await carol.connect({ clientId: 'away', clean: false, expiry: 3600 });
    const replayed = await back.events(7);
    assert.equal(JSON.stringify(replayed).includes('secret'), false);
    const texts = replayed.filter(({ type }) => type === 'text');
    assert.deepEqual(
      texts.map(({ recalled, body }) => [recalled, body]),
      [
        [true, undefined],
        [true, undefined],
      ],
    );
    assert.equal(replayed.filter(isTold).length, 2);
    const { body: members } = await bob.api.get<{ items: { uid: string; role: string }[] }>(
      `/groups/${gid}/members`,
    );
    assert.deepEqual(
      members.items.map(({ uid, role }) => [uid, role]),
      [
        [bob.uid, 'owner'],
        [carol.uid, 'member'],
      ],
    );
  });

  it('goes on after kills in its middle, and leaves nothing', async () => {
    const user = petrel.known('sparrow');
    await user.api.get('/me');
    const [dave, erin] = await petrel.users('dave', 'erin');
    const gid = await dave.createGroup([user]);
    const sender = await user.connect();
    const peer = await dave.connect();
    const convs = [directConv('sparrow', dave.uid), directConv('sparrow', erin.uid), `g:${gid}`];
    const topics = [`send/u/${dave.uid}`, `send/u/${erin.uid}`, `send/g/${gid}`];
    const [count, window] = [600, 200];
    for (const topic of topics) {
      for (let sent = 0; sent < count; sent += window)
        await Promise.all(
          Array.from({ length: window }, (_, i) =>
            sender.publish(topic, textMessage(`m${sent + i}`, `secret ${i}`)),
          ),
        );
    }
    await peer.publish('send/u/sparrow', textMessage('d1', 'hello'));
    const readers = new Map([
      [convs[0]!, dave],
      [convs[1]!, erin],
      [convs[2]!, dave],
    ]);
    assert.equal((await user.api.post('/me/remove', {})).status, 204);
    // The first kill comes before much was done, the second while the start takes it up.
    for (let kills = 0; kills < 2; kills++) {
      await petrel.kill();
      await petrel.start();
    }
    for (const conv of convs) {
      const ended = async () => {
        const found = await allOf(readers.get(conv)!, conv);
        return found.some(isTold) && !JSON.stringify(found).includes('secret') ? found : undefined;
      };
      const events = await until(`the end of ${conv}`, ended, 30_000);
      const own = events.filter(({ from, type }) => from === 'sparrow' && type === 'text');
      assert.equal(own.length, count);
      assert.ok(own.every(({ recalled, body }) => recalled === true && body === undefined));
      assert.deepEqual(
        events.map(({ seq }) => seq),
        events.map((_, i) => i + 1),
      );
      const told = events.filter(isTold).map(({ id }) => id);
      assert.equal(new Set(told).size, told.length);
    }
    const texts = (await allOf(dave, convs[0]!)).filter(({ from }) => from === dave.uid);
    assert.deepEqual(
      texts.map(({ body }) => body?.text),
      ['hello'],
    );
    assert.equal((await petrel.known('sparrow').tryConnect()).reason, badToken);
  });
});
