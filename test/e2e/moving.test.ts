import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { directConv } from '../../schemas/event.ts';
import { findMariaDb, type MariaDb, startMariaDb } from '../servers/mariadb.ts';
import { findMongo, type MongoServer, startMongo } from '../servers/mongodb.ts';
import { withReal } from '../servers/not-available.ts';
import { findRedis, type RedisServer, startRedis } from '../servers/redis.ts';
import { textMessage } from '../support/chat-client.ts';
import { moveHere } from '../support/moving.ts';
import { Petrel } from '../support/petrel.ts';
import type { User } from '../support/user.ts';

const custom = { PETREL_TOPICS_CUSTOM: JSON.stringify([{ match: '#', allow: ['publish', 'subscribe'] }]) };
const account = { uid: 'registered', password: 'correct horse' };
const kept = { clientId: 'phone', clean: false, expiry: 3600 };

await withReal(
  'mariadb, mongodb and redis',
  () => Promise.all([findMariaDb(), findMongo(), findRedis()]),
  () =>
    describe('a store that moves to MongoDB, MySQL and Redis, and back', () => {
      let mariadb: MariaDb;
      let mongodb: MongoServer;
      let redis: RedisServer;
      let root: string;
      const servers: Petrel[] = [];
      const server = (env: Record<string, string> = {}): Petrel => {
        const petrel = new Petrel({ ...custom, ...env });
        servers.push(petrel);
        return petrel;
      };
      before(async () => {
        root = mkdtempSync(join(tmpdir(), 'petrel-e2e-moving-'));
        [mariadb, mongodb, redis] = await Promise.all([startMariaDb(), startMongo(), startRedis()]);
      });
      after(async () => {
        for (const petrel of servers) await petrel.remove();
        await Promise.all([mariadb.stop(), mongodb.stop(), redis.stop()]);
        rmSync(root, { recursive: true, force: true });
      });

      const move = async (task: string, folder: string, petrel: Petrel, env: Record<string, string> = {}) => {
        const moved = await moveHere([task, join(root, folder)], { PETREL_DATA_DIR: petrel.dataDir, ...env });
        assert.equal(moved.code, 0, moved.errors);
      };

      it('is the same chat everywhere: history, receipts, lists, sessions, and repeats', async () => {
        const embedded = server();
        await embedded.start();
        const chat = await talk(embedded);
        const before = await settled(embedded, chat);
        await embedded.stop();
        await move('export', 'first', embedded);

        const urls = {
          PETREL_STORE_TIMELINE: mongodb.newDatabase(),
          PETREL_STORE_DIRECTORY: await mariadb.createDatabase(),
          PETREL_STORE_STATE: await redis.newDatabase(),
        };
        const shared = server(urls);
        await move('import', 'first', shared, urls);
        await shared.start();
        assertSame(await answers(shared, chat), before);
        await goOn(shared, chat);
        const later = await settled(shared, chat);
        await shared.stop();

        await move('export', 'second', shared, urls);
        const back = server();
        await move('import', 'second', back);
        await back.start();
        assertSame(await answers(back, chat), later);
        const phone = await back.known(chat.uids[1]!).connect(kept);
        const waited = await phone.delivery((topic) => topic === 'site/queued');
        assert.equal(waited.payload.toString(), 'on Redis');
        await phone.disconnect();
      });
    }),
);

interface Chat {
  readonly uids: readonly string[];
  readonly gid: string;
  readonly convs: readonly string[];
}

/** Something of everything that users do. */
async function talk(petrel: Petrel): Promise<Chat> {
  assert.equal((await petrel.api().post('/auth/register', account)).status, 201);
  const users = await petrel.users('alice', 'bob', 'carol');
  const [alice, bob, carol] = users;
  const gid = await alice.createGroup([bob, carol], { name: 'Grüße 世界 👋🏽' });
  const [group, direct] = [`send/g/${gid}`, `send/u/${bob.uid}`];
  const [from, other, phone] = [await alice.connect(), await carol.connect(), await bob.connect(kept)];
  await phone.subscribe(['site/#']);
  const done = async (client: typeof from, topic: string, message: object) =>
    assert.equal((await client.publish(topic, message)).reason, 0);
  for (const i of [1, 2, 3, 4]) {
    await done(from, group, textMessage(`g-${i}`, `${i} "quoted"\n👋🏽`));
    await done(other, group, textMessage(`g-${i}`, `carol ${i}`));
    await done(from, direct, textMessage(`d-${i}`, String(i)));
  }
  await phone.events(12);
  const { body } = await alice.api.get<{ events: { seq: number; id: string; from: string }[] }>(
    `/conversations/g:${gid}/messages`,
  );
  const seqOf = (id: string): number =>
    body.events.find((event) => event.id === id && event.from === alice.uid)!.seq;
  const [one, two, three] = [seqOf('g-1'), seqOf('g-2'), seqOf('g-3')];
  await done(from, group, { id: 'e', type: 'edit', body: { target: one, body: { text: 'edited' } } });
  await done(from, group, { id: 'x', type: 'recall', body: { target: two } });
  await done(other, group, { id: 'r', type: 'react', body: { target: three, emoji: '👍', on: true } });
  await done(from, group, { id: 'p', type: 'pin', body: { target: three, on: true } });
  await other.publish(`read/g/${gid}`, { seq: three });
  await alice.api.patch(`/conversations/${directConv(alice.uid, bob.uid)}`, { pinned: true, draft: '草稿' });
  await alice.api.post('/friends/requests', { uid: bob.uid, note: 'hi' });
  await bob.api.put(`/blocks/${carol.uid}`);
  await other.disconnect();
  const admin = petrel.known('operator', { scope: 'admin' });
  assert.equal((await admin.api.delete(`/admin/users/${carol.uid}`)).status, 204);
  await phone.disconnect();
  await done(from, direct, textMessage('while-away', 'later'));
  const binary = Buffer.from([0, 255, 128, 10]);
  await from.publish('site/lamp', binary, 1, { retain: true });
  await from.publish('site/queued', 'for bob');
  await from.disconnect();
  return {
    uids: users.map(({ uid }) => uid),
    gid,
    convs: [`g:${gid}`, directConv(alice.uid, bob.uid)],
  };
}

/** What the API answers to the users. */
async function answers(petrel: Petrel, { uids, gid, convs }: Chat): Promise<Record<string, unknown>> {
  assert.equal((await petrel.api().post('/auth/login', account)).status, 200);
  const all: Record<string, unknown> = {};
  for (const uid of uids.slice(0, 2)) {
    const { api } = petrel.known(uid);
    const paths = [
      ...['/me', '/friends', '/friends/requests?direction=in', '/blocks', '/groups', '/conversations'],
      ...[`/groups/${gid}`, `/groups/${gid}/members`],
      ...convs.flatMap((conv) => [
        `/conversations/${conv}`,
        `/conversations/${conv}/messages`,
        `/conversations/${conv}/messages?raw=1`,
        `/conversations/${conv}/pins`,
        ...[1, 2, 3, 4, 5].map((seq) => `/conversations/${conv}/messages/${seq}/receipts`),
      ]),
    ];
    for (const path of paths) {
      const { status, body } = await api.get(path);
      all[`${uid} ${path}`] = { status, body };
    }
    all[`${uid} sync`] = (await api.post('/sync', { cursors: {} })).body;
  }
  return all;
}

/** As `answers`, when cursors that are written now and then are written. */
async function settled(petrel: Petrel, chat: Chat): Promise<Record<string, unknown>> {
  await petrel.stop();
  await petrel.start();
  return answers(petrel, chat);
}

function assertSame(actual: Record<string, unknown>, expected: Record<string, unknown>): void {
  assert.deepEqual(Object.keys(actual), Object.keys(expected));
  for (const [path, answer] of Object.entries(expected)) assert.deepEqual(actual[path], answer, path);
}

/** Sessions go on where they were, old ids are repeats, new ones follow. */
async function goOn(petrel: Petrel, { uids, gid }: Chat): Promise<void> {
  const [alice, bob] = uids.map((uid) => petrel.known(uid)) as [User, User];
  const from = await alice.connect();
  // Before the session's first connection here.
  await from.publish('site/early', 'by its subscription alone');
  const phone = await bob.connect(kept);
  assert.equal(phone.connack.sessionPresent, true);
  assert.equal((await phone.event(directConv(alice.uid, bob.uid))).id, 'while-away');
  const queued = await phone.delivery((topic) => topic === 'site/queued');
  assert.equal(queued.payload.toString(), 'for bob');
  const early = await phone.delivery((topic) => topic === 'site/early');
  assert.equal(early.payload.toString(), 'by its subscription alone');
  await from.subscribe(['site/lamp']);
  const lamp = await from.delivery((topic) => topic === 'site/lamp');
  assert.deepEqual(lamp.payload, Buffer.from([0, 255, 128, 10]));
  const first = await from.publish(`send/u/${bob.uid}`, textMessage('d-1', '1'));
  assert.equal(first.properties.seq, '1');
  const repeat = await alice.api.post(`/conversations/g:${gid}/messages`, textMessage('g-1', 'again'));
  assert.equal(repeat.status, 200);
  const next = await from.publish(`send/u/${bob.uid}`, textMessage('new', 'on MongoDB'));
  assert.equal(next.properties.seq, '6');
  assert.equal((await phone.event(directConv(alice.uid, bob.uid))).id, 'new');
  await phone.publish(`read/u/${alice.uid}`, { seq: 6 });
  await phone.disconnect();
  await from.publish('site/queued', 'on Redis');
  await from.disconnect();
}
