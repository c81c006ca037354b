import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Orphan } from '../../../../store/owners.ts';
import { NotTheOwner } from '../../../../store/owners.ts';
import type { StoredSession } from '../../../../store/sessions.ts';
import { createMemoryOwners } from '../../../../store/state/memory/owners.ts';
import { withReal } from '../../../servers/not-available.ts';
import { findRedis, type RedisServer, startRedis } from '../../../servers/redis.ts';
import { until } from '../../../support/until.ts';
import { TestCluster, type TestClusterOptions, type TestNode } from './cluster.ts';

const phone = 'alice/phone';
const nowMs = 1_789_000_000_000;

const session = (changes: Partial<StoredSession> = {}): StoredSession => ({
  uid: 'alice',
  clientId: 'phone',
  createdAt: 1,
  expirySeconds: 60,
  positions: {},
  subscriptions: [],
  silenced: [],
  ...changes,
});

describe('the sessions of a server that is one process', () => {
  it('are its own at once, each time by a larger number', () => {
    const owners = createMemoryOwners();
    const [first, second] = [owners.take(phone), owners.take('alice/tablet')];
    assert.ok(Number(second) > Number(first));
    assert.equal(owners.numberOf(phone), first);
    owners.release(phone);
    assert.equal(owners.numberOf(phone), undefined);
  });
});

/** What a node was told that it has no more. */
function losses(node: TestNode, alsoRelease = false): string[] {
  const log: string[] = [];
  node.owners.onLost((key, taken) => {
    log.push(`${key} ${taken}`);
    if (alsoRelease) void node.owners.release(key);
  });
  return log;
}

/** The orphans that come to a node. */
function orphansOf(node: TestNode, handle: (orphan: Orphan) => Promise<void> = async () => {}): Orphan[] {
  const orphans: Orphan[] = [];
  node.owners.onOrphan(async (orphan) => {
    orphans.push(orphan);
    await handle(orphan);
  });
  node.owners.start();
  return orphans;
}

await withReal('redis', findRedis, () =>
  describe('the sessions of a cluster, each with one owner', () => {
    let server: RedisServer;
    before(async () => {
      server = await startRedis();
    });
    after(() => server.stop());

    const withCluster = async (
      work: (cluster: TestCluster) => Promise<void>,
      options: TestClusterOptions = {},
    ): Promise<void> => {
      const cluster = await TestCluster.open(await server.newDatabase(), { now: () => nowMs, ...options });
      try {
        await work(cluster);
      } finally {
        await cluster.close();
      }
    };
    /** Far longer than a test takes: who waits is told by the owner. */
    const patient = { patienceMs: 60_000 };
    const impatient = { patienceMs: 20 };

    it('numbers rise with each, whatever the node and the session', () =>
      withCluster(async (cluster) => {
        const [a, b] = [await cluster.join('a'), await cluster.join('b')];
        const numbers: number[] = [];
        for (const node of [a, b, a]) {
          numbers.push((await node.owners.take(`${node.id}/${numbers.length}`))!);
          assert.equal(node.owners.numberOf(`${node.id}/${numbers.length - 1}`), numbers.at(-1));
        }
        assert.deepEqual(
          numbers.toSorted((x, y) => x - y),
          numbers,
        );
        assert.equal(new Set(numbers).size, 3);
      }));

    it('the one that has it is told, and the newer one waits until it has stored and let go', () =>
      withCluster(async (cluster) => {
        const [a, b] = [await cluster.join('a'), await cluster.join('b')];
        const first = await a.owners.take(phone);
        await a.sessions.put(session());
        const log = losses(a);
        const taking = b.owners.take(phone);
        await until('a is told', () => log.length > 0);
        await a.sessions.put(session({ positions: { 'g:team': 7 }, disconnectedAt: nowMs }));
        await a.owners.release(phone);
        const second = await taking;
        assert.ok(second! > first!);
        assert.deepEqual(log, [`${phone} true`]);
        assert.deepEqual((await b.sessions.get('alice', 'phone'))?.positions, { 'g:team': 7 });
      }, patient));

    it('one that lives and does not let go is passed over in time, and nothing it writes takes effect', () =>
      withCluster(async (cluster) => {
        const [a, b] = [await cluster.join('a'), await cluster.join('b')];
        await a.owners.take(phone);
        await a.sessions.put(session());
        await b.owners.take(phone);
        const theirs = session({ subscriptions: [{ filter: 'g/team', qos: 0 }] });
        await b.sessions.put(theirs);
        const log = losses(a);
        await assert.rejects(a.sessions.put(session({ disconnectedAt: nowMs })), NotTheOwner);
        await assert.rejects(a.sessions.remove('alice', 'phone'), NotTheOwner);
        await a.sessions.progress([{ uid: 'alice', clientId: 'phone', positions: { 'g:team': 9 } }]);
        await a.owners.release(phone);
        assert.deepEqual(log, [`${phone} true`, `${phone} true`]);
        assert.deepEqual(await b.sessions.get('alice', 'phone'), theirs);
        // Not even once the newer one has ended it.
        await b.sessions.remove('alice', 'phone');
        await a.sessions.progress([{ uid: 'alice', clientId: 'phone', positions: { 'g:team': 9 } }]);
        await assert.rejects(a.sessions.put(session()), NotTheOwner);
        assert.equal(await b.sessions.get('alice', 'phone'), undefined);
        assert.deepEqual(await b.sessions.sessionsOf('alice'), []);
      }, impatient));

    it('what an owner acknowledged late counts while nobody else has the session', () =>
      withCluster(async (cluster) => {
        const [a, b] = [await cluster.join('a'), await cluster.join('b')];
        await a.owners.take(phone);
        await a.sessions.put(session({ positions: { 'g:team': 5 }, disconnectedAt: nowMs }));
        await a.owners.release(phone);
        await a.sessions.progress([
          { uid: 'alice', clientId: 'phone', positions: { 'g:team': 4, 'g:other': 2 } },
        ]);
        assert.deepEqual((await b.sessions.get('alice', 'phone'))?.positions, { 'g:team': 5, 'g:other': 2 });
      }));

    it('of three the newest has it, and the one between does not', () =>
      withCluster(async (cluster) => {
        const [a, b, c] = [await cluster.join('a'), await cluster.join('b'), await cluster.join('c')];
        await a.owners.take(phone);
        const log = losses(a);
        const atB = a.owners.numberOf(phone)! && b.owners.take(phone);
        await until('b waits', () => log.length > 0);
        const atC = c.owners.take(phone);
        assert.equal(await atB, undefined);
        await b.owners.release(phone);
        await a.owners.release(phone);
        assert.ok(await atC);
        assert.deepEqual(
          [a, b].map(({ owners }) => owners.numberOf(phone)),
          [undefined, undefined],
        );
      }, patient));

    it('one whose node has left is passed over at once, and is an orphan once', () =>
      withCluster(async (cluster) => {
        const [a, b] = [await cluster.join('a'), await cluster.join('b')];
        const number = await a.owners.take(phone);
        await a.kill();
        const orphans = orphansOf(b);
        await cluster.expire('a');
        assert.ok(await b.owners.take(phone));
        await cluster.buried('a');
        await until('b is told', () => orphans.length > 0);
        assert.deepEqual(orphans, [{ key: phone, number, node: 'a', at: nowMs }]);
        assert.ok(b.owners.numberOf(phone));
      }, patient));

    it('a node takes again what it did not let go of, without waiting', () =>
      withCluster(async (cluster) => {
        const a = await cluster.join('a');
        const first = await a.owners.take(phone);
        const log = losses(a);
        assert.ok((await a.owners.take(phone))! > first!);
        await a.sessions.put(session());
        assert.deepEqual(log, []);
      }, patient));

    it('lets go of a wish as well as of a session, and of no one else’s', () =>
      withCluster(async (cluster) => {
        const [a, b] = [await cluster.join('a'), await cluster.join('b')];
        await a.owners.release('alice/unknown');
        await a.owners.take(phone);
        await a.sessions.put(session());
        await b.owners.take(phone);
        await a.owners.release(phone);
        await b.sessions.put(session());
        await b.owners.release(phone);
        // What is let go of counts as disconnected, whatever was stored.
        assert.equal((await a.sessions.get('alice', 'phone'))?.disconnectedAt, nowMs);
        assert.deepEqual(await a.sessions.expire(nowMs + 60_000, 10), [{ uid: 'alice', clientId: 'phone' }]);
        // Nothing is left of it.
        assert.deepEqual(await cluster.redis.command('keys', 'petrel:owne[rd]:*'), []);
      }, impatient));

    it('a session that somebody has does not expire', () =>
      withCluster(async (cluster) => {
        const [a, b] = [await cluster.join('a'), await cluster.join('b')];
        await a.owners.take(phone);
        await a.sessions.put(session({ disconnectedAt: nowMs }));
        assert.deepEqual(await b.sessions.expire(nowMs + 60_000, 10), []);
        await assert.rejects(b.sessions.remove('alice', 'phone'), NotTheOwner);
        await assert.rejects(b.sessions.put(session()), NotTheOwner);
      }));

    for (const [what, cause] of [
      ['whose lease ran out', (cluster: TestCluster) => cluster.expire('a')],
      ['that may have missed something', async (cluster: TestCluster) => cluster.lose()],
    ] as const) {
      it(`a node ${what} finds out what it has no more`, () =>
        withCluster(async (cluster) => {
          const [a, b] = [await cluster.join('a'), await cluster.join('b')];
          for (const clientId of ['kept', 'taken', 'nobodys']) await a.owners.take(`alice/${clientId}`);
          await b.owners.take('alice/taken');
          await cluster.redis.command('del', 'petrel:owner:alice/nobodys');
          const log = losses(a, true);
          await cause(cluster);
          await until('a knows', () => log.length === 2);
          assert.deepEqual(log, ['alice/taken true', 'alice/nobodys false']);
          await b.sessions.put(session({ clientId: 'taken' }));
          await a.sessions.put(session({ clientId: 'kept' }));
        }, impatient));
    }

    it('what a node that died had comes to one of the others, each once', () =>
      withCluster(async (cluster) => {
        const [a, b, c] = [await cluster.join('a'), await cluster.join('b'), await cluster.join('c')];
        const count = 450;
        for (let i = 0; i < count; i++) await a.owners.take(`alice/${i}`);
        await a.sessions.put(session({ clientId: '7' }));
        await a.owners.take('bob/ended');
        await a.owners.release('bob/ended');
        await a.kill();
        const found = [orphansOf(b), orphansOf(c)];
        await cluster.expire('a');
        await cluster.buried('a');
        await until('all have come', () => found.flat().length >= count);
        const keys = found.flat().map(({ key }) => key);
        assert.equal(new Set(keys).size, count);
        assert.equal(keys.length, count);
        assert.equal((await b.sessions.get('alice', '7'))?.disconnectedAt, nowMs);
        await until('all is finished', async () => {
          const left = await cluster.redis.command('keys', 'petrel:o[rw][pn][he][ad]*');
          return (left as string[]).length === 0;
        });
      }));

    it('an orphan comes again where it could not be finished, and elsewhere where its finisher died', () =>
      withCluster(async (cluster) => {
        const [a, b] = [await cluster.join('a'), await cluster.join('b')];
        const number = await a.owners.take(phone);
        await a.kill();
        const atB = orphansOf(b, async () => {
          throw new Error('The store is away.');
        });
        await cluster.expire('a');
        await until('b has tried twice', () => atB.length >= 2);
        const c = await cluster.join('c');
        const atC = orphansOf(c);
        await b.kill();
        await cluster.expire('b');
        await until('c is told', () => atC.length > 0);
        assert.deepEqual(atC, [{ key: phone, number, node: 'a', at: nowMs }]);
        await cluster.buried('b');
      }));

    it('rejects with store.unavailable while Redis is away', () =>
      withCluster(async (cluster) => {
        const a = await cluster.join('a');
        await a.kill();
        await assert.rejects(a.owners.take(phone), { code: 'store.unavailable' });
        await assert.rejects(async () => a.owners.release(phone), { code: 'store.unavailable' });
      }));
  }),
);
