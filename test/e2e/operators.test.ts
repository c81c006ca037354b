import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { EventDocument } from '../../schemas/event.ts';
import { textMessage } from '../support/chat-client.ts';
import { Petrel } from '../support/petrel.ts';
import { until, within } from '../support/until.ts';
import type { User } from '../support/user.ts';

const petrel = new Petrel();
before(() => petrel.start());
after(() => petrel.remove());

interface Progress {
  readonly state: string;
  readonly total: number;
  readonly sent: number;
  readonly failed: number;
}

const operator = (): User => petrel.known('operator', { scope: 'admin' });
const progressOf = async (id: string): Promise<Progress> =>
  (await operator().api.get<Progress & Record<string, unknown>>(`/admin/broadcasts/${id}`)).body;
const connectionsOf = async ({ uid }: User) =>
  (await operator().api.get<{ items: Record<string, unknown>[] }>(`/admin/connections?uid=${uid}`)).body
    .items;

/** Makes so many users; answers their uids. */
async function populate(prefix: string, count: number): Promise<string[]> {
  const uids = Array.from({ length: count }, (_, i) => `${prefix}-${String(i).padStart(5, '0')}`);
  for (let from = 0; from < count; from += 1000) {
    const users = uids.slice(from, from + 1000).map((uid) => ({ uid }));
    const { status } = await operator().api.post('/admin/users/batch', { users });
    assert.equal(status, 200);
  }
  return uids;
}

describe('a ban', () => {
  it('ends every connection with 0x87, and keeps the user out until it is lifted', async () => {
    const [eve, bob] = await petrel.users('eve', 'bob');
    const will = {
      topic: `send/u/${bob.uid}`,
      payload: Buffer.from('farewell'),
      qos: 1,
      retain: false,
    } as const;
    const [phone, laptop] = [await eve.connect({ will }), await eve.connect()];
    const reader = await bob.connect();
    assert.equal((await operator().api.put(`/admin/users/${eve.uid}/ban`, { reason: 'spam' })).status, 204);
    for (const client of [phone, laptop]) {
      assert.equal((await client.ending())?.reasonCode, 0x87);
    }
    assert.equal((await eve.tryConnect()).reason, 0x87);
    const { status, body } = await eve.api.get('/me');
    assert.deepEqual([status, body.code], [403, 'auth.banned']);
    assert.deepEqual(await connectionsOf(eve), []);

    assert.equal((await operator().api.delete(`/admin/users/${eve.uid}/ban`)).status, 204);
    const back = await eve.connect();
    await back.publish(`send/u/${bob.uid}`, textMessage('m-1', 'I am back'));
    // The will was refused: what comes first is what was said after the ban.
    const event = await reader.event();
    assert.deepEqual([event.seq, event.id], [1, 'm-1']);
  });

  it('ends by itself', async () => {
    const eve = await petrel.user('eve');
    const end = Date.now() + 1500;
    assert.equal((await operator().api.put(`/admin/users/${eve.uid}/ban`, { until: end })).status, 204);
    assert.equal((await eve.tryConnect()).reason, 0x87);
    await until('the end of the ban', async () => (await eve.tryConnect()).reason === 0);
    assert.ok(Date.now() >= end);
  });

  it('leaves nobody connected who connects at the same moment', async () => {
    for (let round = 0; round < 5; round++) {
      const eve = await petrel.user('eve');
      const connecting = Array.from({ length: 20 }, async (_, i) => {
        await setTimeout(i % 5);
        return eve.tryConnect().catch(() => undefined);
      });
      await operator().api.put(`/admin/users/${eve.uid}/ban`);
      const clients = await within('the answers', Promise.all(connecting));
      for (const client of clients) if (client?.reason === 0) await client.ending();
      assert.deepEqual(await connectionsOf(eve), []);
    }
  });
});

describe('a kick', () => {
  it('ends the connections of the device with 0x98, and the sign-in holds', async () => {
    const alice = await petrel.user('alice');
    const [phone, laptop] = [
      await alice.connect({ clientId: 'phone' }),
      await alice.connect({ clientId: 'laptop' }),
    ];
    const path = `/admin/users/${alice.uid}/kick`;
    assert.equal((await operator().api.post(path, { did: 'phone' })).status, 204);
    assert.equal((await phone.ending())?.reasonCode, 0x98);
    await laptop.ping();
    assert.equal((await operator().api.post(path)).status, 204);
    assert.equal((await laptop.ending())?.reasonCode, 0x98);
    await alice.connect({ clientId: 'phone' });
  });
});

describe('the list of connections', () => {
  it('says who is connected, from where and how', async () => {
    const alice = await petrel.user('alice', { plat: 'mobile', did: 'pixel' });
    const since = Date.now();
    await alice.connect({ clientId: 'one' });
    await alice.connect({ clientId: 'two', version: 4 });
    const [one, two, ...rest] = await connectionsOf(alice);
    assert.deepEqual(rest, []);
    const { since: connectedAt, ...shown } = one!;
    assert.deepEqual(shown, {
      uid: alice.uid,
      clientId: 'one',
      did: 'pixel',
      platform: 'mobile',
      address: '127.0.0.1',
      protocol: 5,
      transport: 'tcp',
    });
    assert.ok((connectedAt as number) >= since - 1000 && (connectedAt as number) <= Date.now());
    assert.deepEqual([two!.clientId, two!.protocol], ['two', 4]);
    const { body } = await operator().api.get<{ items: object[]; next?: string }>(
      '/admin/connections?limit=1',
    );
    assert.equal(body.items.length, 1);
    assert.equal(typeof body.next, 'string');
  });
});

describe('a message of the system', () => {
  it('comes like any other, and cannot be answered', async () => {
    const bob = await petrel.user('bob');
    const client = await bob.connect();
    const { status, body } = await operator().api.post('/admin/messages', {
      to: bob.uid,
      ...textMessage('s-1', 'welcome'),
    });
    assert.deepEqual([status, body.seq], [201, 1]);
    const event = await client.event();
    assert.deepEqual(
      [event.from, event.conv, event.body],
      ['system', `u:${bob.uid}:system`, { text: 'welcome' }],
    );
    assert.equal((await client.publish('send/u/system', 'thanks')).reason, 0x90);
  });
});

describe('a broadcast', () => {
  /** The texts that a user got from `system`. */
  const textsOf = async (uid: string): Promise<string[]> => {
    const conv = uid < 'system' ? `u:${uid}:system` : `u:system:${uid}`;
    const path = `/conversations/${conv}/messages?limit=500`;
    const { body } = await petrel.known(uid).api.get<{ events: EventDocument[] }>(path);
    return body.events.map((event) => event.body!.text as string).sort();
  };

  it('reaches everyone once, though the server is killed again and again', async () => {
    const uids = await populate('crowd', 600);
    const begin = async (id: string, to: object) => {
      const input = { id, type: 'text', body: { text: id }, to };
      const { status, body } = await operator().api.post('/admin/broadcasts', input);
      assert.deepEqual([status, body], [202, { id }]);
    };
    await begin('listed', { uids });
    await begin('to-all', { all: true });
    const seen: number[] = [];
    for (let round = 0; round < 2; round++) {
      const before = (await progressOf('to-all')).sent;
      const moved = await until(
        'progress',
        async () => {
          const { sent, state } = await progressOf('to-all');
          return sent > before || state === 'done' ? { sent } : undefined;
        },
        20_000,
      );
      seen.push(moved.sent);
      await petrel.kill();
      await petrel.start();
    }
    assert.deepEqual(
      seen,
      [...seen].sort((x, y) => x - y),
    );
    for (const id of ['listed', 'to-all']) {
      const { total, sent, failed } = await until(
        `the end of ${id}`,
        async () => {
          const progress = await progressOf(id);
          return progress.state === 'done' ? progress : undefined;
        },
        60_000,
      );
      assert.equal(failed, 0);
      assert.equal(sent, total);
    }
    const texts = await Promise.all(uids.map(textsOf));
    for (const [i, uid] of uids.entries()) assert.deepEqual(texts[i], ['listed', 'to-all'], uid);
  });

  it('stops when it is cancelled', async () => {
    const input = { id: 'stopped', type: 'text', body: { text: 'stopped' }, to: { all: true } };
    await operator().api.post('/admin/broadcasts', input);
    assert.equal((await operator().api.post('/admin/broadcasts/stopped/cancel')).status, 204);
    const { state, sent, total } = await progressOf('stopped');
    assert.equal(state, 'cancelled');
    assert.ok(sent < total, `${sent} were sent`);
  });
});

describe('groups in bulk', () => {
  it("take 10,000 members in one call, in anybody's group", async () => {
    const uids = await populate('many', 10_000);
    const alice = await petrel.user('alice');
    const gid = await alice.createGroup();
    const path = `/groups/${gid}/members`;
    const { status, body } = await operator().api.post<{ added: string[]; memberCount: number }>(path, {
      uids,
    });
    assert.deepEqual([status, body.added.length, body.memberCount], [200, 10_000, 10_001]);
    const member = await petrel.known(uids[9999]!).connect();
    await operator().api.post('/admin/messages', { gid, ...textMessage('hello', 'hello') });
    assert.equal((await member.event(`g:${gid}`)).from, 'system');
    assert.equal((await operator().api.delete(`${path}/${uids[9999]}`)).status, 204);
    assert.equal((await member.notice('group')).action, 'removed');
    assert.equal((await operator().api.delete(`/groups/${gid}`)).status, 204);
    assert.equal((await alice.api.get(`/groups/${gid}`)).status, 404);
    const { body: log } = await operator().api.get<{ items: { action: string; outcome: string }[] }>(
      `/admin/audit?target=${gid}`,
    );
    assert.deepEqual(
      log.items.map(({ action, outcome }) => [action, outcome]),
      [
        ['groups.dissolve', 'ok'],
        ['groups.members.remove', 'ok'],
        ['admin.send', 'ok'],
        ['groups.members.add', 'ok'],
      ],
    );
  });

  it('are made with 10,000 members in one call', async () => {
    const members = Array.from({ length: 10_000 }, (_, i) => `many-${String(i).padStart(5, '0')}`);
    const { status, body } = await operator().api.post('/groups', { name: 'All of us', members });
    assert.deepEqual([status, body.memberCount], [201, 10_001]);
  });
});
