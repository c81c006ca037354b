import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { directConv, type EventDocument } from '../../schemas/event.ts';
import { textMessage } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';

const petrel = new Petrel();
before(() => petrel.start());
after(() => petrel.remove());

interface History {
  readonly events: EventDocument[];
  readonly more: boolean;
}

const seqs = ({ events }: { events: readonly EventDocument[] }): number[] => events.map(({ seq }) => seq);

describe('history', () => {
  it('is read in seq order, from either end, in pages', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const conv = directConv(alice.uid, bob.uid);
    const from = await alice.connect();
    for (let i = 1; i <= 60; i++) from.post(`send/u/${bob.uid}`, textMessage(`c-${i}`, String(i)));
    await from.events(60);
    const page = async (query: string) => {
      const { status, body } = await bob.api.get<History>(`/conversations/${conv}/messages${query}`);
      assert.equal(status, 200);
      return [seqs(body), body.more];
    };
    const range = (a: number, b: number) => Array.from({ length: b - a + 1 }, (_, i) => a + i);
    assert.deepEqual(await page(''), [range(11, 60), true]);
    assert.deepEqual(await page('?limit=5'), [range(56, 60), true]);
    assert.deepEqual(await page('?before=11&limit=20'), [range(1, 10), false]);
    assert.deepEqual(await page('?after=0&limit=3'), [range(1, 3), true]);
    assert.deepEqual(await page('?after=57'), [range(58, 60), false]);
    assert.deepEqual(await page('?after=10&before=14'), [range(11, 13), false]);
    assert.deepEqual(await page('?after=60'), [[], false]);
    for (const query of ['?limit=0', '?limit=501', '?limit=x', '?after=-1', '?before=x', '?what=1'])
      assert.equal((await bob.api.get(`/conversations/${conv}/messages${query}`)).status, 400, query);
    const overMqtt = await from.request('history', { conv, limit: 2 });
    assert.deepEqual(seqs(overMqtt.data as unknown as History), [59, 60]);
  });

  it('is for those in the conversation alone', async () => {
    const [alice, bob, carol] = await petrel.users('alice', 'bob', 'carol');
    const client = await alice.connect();
    await client.publish(`send/u/${bob.uid}`, 'secret');
    const conv = directConv(alice.uid, bob.uid);
    for (const path of [`/conversations/${conv}`, `/conversations/${conv}/messages`]) {
      const { status, body } = await carol.api.get(path);
      assert.deepEqual([status, body.code], [404, 'conversation.not-found']);
    }
    const spy = await carol.connect();
    for (const operation of ['history', 'conversations.get'])
      assert.equal((await spy.request(operation, { conv })).error?.code, 'conversation.not-found');
    for (const bad of ['x', 'u:a', 'g:', `u:${bob.uid}:${alice.uid}`, 'u:__proto__:x', '%00'])
      assert.equal((await bob.api.get(`/conversations/${bad}/messages`)).status, 404, bad);
    assert.equal((await petrel.api().get(`/conversations/${conv}/messages`)).status, 401);
  });

  it('shows edited messages with their latest body, recalled ones without, and reactions', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const conv = directConv(alice.uid, bob.uid);
    const [a, b] = [await alice.connect(), await bob.connect()];
    const [toBob, toAlice] = [`send/u/${bob.uid}`, `send/u/${alice.uid}`];
    await a.publish(toBob, textMessage('c-1', 'frist'));
    await a.publish(toBob, textMessage('c-2', 'a secret'));
    await a.publish(toBob, { id: 'e-1', type: 'edit', body: { target: 1, body: { text: 'first' } } });
    for (const [client, to, id] of [
      [a, toBob, 'r-1'],
      [b, toAlice, 'r-2'],
    ] as const)
      await client.publish(to, { id, type: 'react', body: { target: 1, emoji: '👍', on: true } });
    await a.publish(toBob, { id: 'r-3', type: 'react', body: { target: 1, emoji: '👍', on: false } });
    await a.publish(toBob, { id: 'x-1', type: 'recall', body: { target: 2 } });
    const { body } = await bob.api.get<History>(`/conversations/${conv}/messages`);
    const [first, second] = body.events;
    assert.deepEqual(first?.body, { text: 'first' });
    assert.equal(typeof first?.edited, 'number');
    assert.deepEqual(first?.reactions, { '👍': [bob.uid] });
    assert.equal(second?.recalled, true);
    assert.equal(second?.body, undefined);
    const raw = await bob.api.get<History>(`/conversations/${conv}/messages?raw=1`);
    assert.deepEqual(raw.body.events[0]?.body, { text: 'frist' });
    assert.ok(!JSON.stringify(raw.body).includes('a secret'));
    const synced = await bob.api.post<{ conversations: History[] }>('/sync', { raw: true });
    assert.deepEqual(synced.body.conversations[0]?.events, raw.body.events);
    const gone = await a.publish(toBob, {
      id: 'e-2',
      type: 'edit',
      body: { target: 2, body: { text: 'again' } },
    });
    assert.equal(gone.reason, 0x99);
  });
});

describe('sync', () => {
  it('gives every conversation that is ahead of its cursor, the oldest events first', async () => {
    const [alice, bob, carol] = await petrel.users('alice', 'bob', 'carol');
    const gid = await alice.createGroup([bob]);
    const [a, c] = [await alice.connect(), await carol.connect()];
    for (let i = 1; i <= 3; i++) await a.publish(`send/u/${bob.uid}`, textMessage(`c-${i}`, 'hi'));
    await c.publish(`send/u/${bob.uid}`, textMessage('c-1', 'hi'));
    await a.publish(`send/g/${gid}`, textMessage('c-1', 'hi'));
    const [ab, bc, group] = [directConv(alice.uid, bob.uid), directConv(bob.uid, carol.uid), `g:${gid}`];
    interface Synced {
      readonly conversations: (History & {
        readonly conv: string;
        readonly head: { readonly seq: number };
        readonly unread: number;
      })[];
      readonly more: boolean;
    }
    const { body } = await bob.api.post<Synced>('/sync', { cursors: { [ab]: 1, [bc]: 1 }, limit: 1 });
    const shown = body.conversations.map((one) => [one.conv, seqs(one), one.head.seq, one.unread, one.more]);
    assert.deepEqual(
      new Set(shown.map(String)),
      new Set(
        [
          [ab, [2], 3, 3, true],
          [group, [1], 2, 1, true],
        ].map(String),
      ),
    );
    assert.equal(body.more, true);
    const overMqtt = await (await bob.connect()).request('sync', { cursors: { [ab]: 3, [group]: 2 } });
    const rest = overMqtt.data as unknown as Synced;
    assert.deepEqual(
      rest.conversations.map((one) => [one.conv, seqs(one)]),
      [[bc, [1]]],
    );
  });
});

describe('messages.send', () => {
  it('over HTTP and MQTT goes the way of send/…', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const conv = directConv(alice.uid, bob.uid);
    const to = await bob.connect();
    const sent = await alice.api.post(`/conversations/${conv}/messages`, textMessage('h-1', 'by HTTP'));
    assert.deepEqual([sent.status, sent.body.conv, sent.body.seq], [201, conv, 1]);
    const again = await alice.api.post(`/conversations/${conv}/messages`, textMessage('h-1', 'by HTTP'));
    assert.deepEqual([again.status, again.body], [200, sent.body]);
    const asker = await alice.connect();
    const answer = await asker.request('messages.send', { conv, ...textMessage('m-1', 'by MQTT') });
    assert.equal(answer.data?.seq, 2);
    assert.deepEqual(
      (await to.events(2)).map(({ id }) => id),
      ['h-1', 'm-1'],
    );
  });

  it('is refused with the codes and statuses of the contract', async () => {
    const [alice, bob] = await petrel.users('alice', 'bob');
    const gid = await bob.createGroup([]);
    const conv = directConv(alice.uid, bob.uid);
    const nobody = directConv(alice.uid, 'nobody');
    for (const [to, payload, status, code] of [
      [conv, { id: 'a', type: 'poem', body: {} }, 400, 'payload.invalid'],
      [conv, { id: 'a', type: 'recall', body: { target: 77 } }, 404, 'target.not-found'],
      [`g:${gid}`, textMessage('a', 'x'), 403, 'send.not-member'],
      ['g:nothing', textMessage('a', 'x'), 404, 'group.not-found'],
      [nobody, textMessage('a', 'x'), 404, 'user.not-found'],
      [directConv(bob.uid, bob.uid), textMessage('a', 'x'), 404, 'conversation.not-found'],
    ] as const) {
      const reply = await alice.api.post(`/conversations/${to}/messages`, payload);
      assert.deepEqual([reply.status, reply.body.code], [status, code], to);
    }
  });
});

describe('a request over MQTT', () => {
  it('is answered with an error where there is no such operation or its input is wrong', async () => {
    const alice = await petrel.user('alice');
    const client = await alice.connect({ version: 4 });
    for (const operation of ['no.such', 'constructor', 'me']) {
      const answer = await client.request(operation);
      assert.deepEqual([answer.ok, answer.error?.code], [false, 'request.unknown-operation']);
    }
    const wrong = await client.request('users.get', { uid: 7 });
    assert.deepEqual(
      [wrong.ok, wrong.error?.code, wrong.error?.retryable],
      [false, 'request.invalid', false],
    );
    const missing = await client.request('users.get', { uid: 'nobody' });
    assert.equal(missing.error?.code, 'user.not-found');
    client.post('req/me.get', 'not JSON');
    const { payload } = await client.delivery((topic) => topic === 'res/me.get');
    assert.equal(JSON.parse(payload.toString()).error.code, 'request.invalid');
  });

  it('is answered to the asking connection alone, on a topic below res/', async () => {
    const alice = await petrel.user('alice');
    const [asker, other] = [await alice.connect(), await alice.connect()];
    assert.deepEqual(await other.subscribe(['res/#']), [1]);
    assert.equal((await asker.request('me.get')).data?.uid, alice.uid);
    assert.deepEqual(await other.undelivered(), []);
    const properties = { responseTopic: `u/${alice.uid}` };
    const refused = await asker.publish('req/me.get', '{}', 1, { properties });
    assert.equal(refused.reason, 0x90);
  });
});
