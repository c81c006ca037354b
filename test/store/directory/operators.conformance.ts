import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type AuditEntry, auditIdAt, type Directory } from '../../../store/directory.ts';
import type { DirectoryFixture } from './conformance.ts';

/** What store/directory/operators.ts promises. */
export function operatorsConformance(name: string, open: () => Promise<DirectoryFixture>): void {
  describe(`the directory of operators on ${name}`, () => {
    let fixture: DirectoryFixture;
    let directory: Directory;
    const entry = (at: number, more: Partial<AuditEntry> = {}): AuditEntry => ({
      id: `${auditIdAt(at)}-000000-x`,
      at,
      actor: 'op',
      action: 'admin.users.ban',
      target: 'alice',
      detail: '{"uid":"alice"}',
      address: '127.0.0.1',
      outcome: 'pending',
      ...more,
    });
    const listed = async (wanted: Partial<Parameters<Directory['listAudit']>[0]> = {}) =>
      (await directory.listAudit({ below: '~', limit: 100, ...wanted })).map(({ at }) => at);
    const broadcast = (id: string, createdAt = 1, kind: 'uids' | 'all' = 'uids') => ({
      id,
      messageId: `m-${id}`,
      from: 'system',
      payload: '{"type":"text","body":{"text":"❤"}}',
      kind,
      total: 3,
      createdAt,
    });
    const users = async (...uids: string[]) => {
      for (const uid of uids) await directory.createUser({ uid, createdAt: 1, origin: 'token' });
    };

    beforeEach(async () => {
      fixture = await open();
      directory = fixture.directory;
    });
    afterEach(() => fixture.end());

    it('keeps what was done, and what became of it', async () => {
      await directory.addAudit(entry(5));
      const { target: _, ...targetless } = entry(6, { action: 'admin.broadcast' });
      await directory.addAudit(targetless);
      await directory.settleAudit(entry(5).id, 'ok');
      await directory.settleAudit(entry(6).id, 'payload.invalid', 'b1');
      directory = await fixture.reopen();
      assert.deepEqual(await directory.listAudit({ below: '~', limit: 10 }), [
        { ...targetless, outcome: 'payload.invalid', target: 'b1' },
        entry(5, { outcome: 'ok' }),
      ]);
    });

    it('lists the newest first, by action, target, actor and time, in pages', async () => {
      for (let at = 1; at <= 6; at++)
        await directory.addAudit(
          entry(at, {
            actor: at % 2 ? 'op' : 'Op2',
            action: at <= 3 ? 'a' : 'b',
            target: at === 6 ? 'bob' : 'x',
          }),
        );
      assert.deepEqual(await listed(), [6, 5, 4, 3, 2, 1]);
      assert.deepEqual(await listed({ action: 'a' }), [3, 2, 1]);
      assert.deepEqual(await listed({ action: 'b', target: 'x' }), [5, 4]);
      assert.deepEqual(await listed({ actor: 'op' }), [5, 3, 1]);
      assert.deepEqual(await listed({ below: auditIdAt(4), limit: 2 }), [3, 2]);
      assert.deepEqual(await listed({ below: entry(2).id }), [1]);
    });

    it('forgets what is old', async () => {
      for (let at = 1; at <= 5; at++) await directory.addAudit(entry(at));
      assert.equal(await directory.pruneAudit(auditIdAt(4)), 3);
      assert.equal(await directory.pruneAudit(auditIdAt(4)), 0);
      assert.deepEqual(await listed(), [5, 4]);
    });

    it('walks through the users in the order of their uids', async () => {
      await users('b', 'a', 'a.b', 'a_b', 'c', '0');
      assert.equal(await directory.countUsers(), 6);
      const first = await directory.usersAfter('', 4);
      const second = await directory.usersAfter(first.at(-1)!, 4);
      assert.deepEqual([...first, ...second], ['0', 'a', 'a.b', 'a_b', 'b', 'c']);
      assert.deepEqual(await directory.usersAfter('c', 4), []);
    });

    it('makes many users at once, those whose uid is free', async () => {
      await users('alice');
      const given = {
        name: 'N ❤',
        avatar: 'a',
        bio: 'b',
        passwordHash: 'h',
        createdAt: 5,
        origin: 'admin' as const,
      };
      const lists = [['alice', 'bob', 'carol'], ['bob', 'dave'], []].map((uids) =>
        uids.map((uid) => ({ uid, ...given })),
      );
      const made = await Promise.all(lists.map((list) => directory.createUsers(list)));
      assert.deepEqual(made.flat().sort(), ['bob', 'carol', 'dave']);
      const { name: shown, avatar, bio, passwordHash, createdAt, origin } = (await directory.getUser('bob'))!;
      assert.deepEqual({ name: shown, avatar, bio, passwordHash, createdAt, origin }, given);
    });

    it('keeps bans with their reasons, and says who of some is banned', async () => {
      await users('a', 'b', 'c', 'd');
      assert.equal(await directory.setBan('a', 100, 'spam ❤'), true);
      assert.equal(await directory.setBan('b', Number.MAX_SAFE_INTEGER), true);
      assert.equal(await directory.setBan('c', 50), true);
      assert.equal(await directory.setBan('nobody', 100), false);
      const banned = async (among?: readonly string[]) =>
        (await directory.banned(50, among)).sort((x, y) => (x.uid < y.uid ? -1 : 1));
      const [a, b] = [
        { uid: 'a', until: 100 },
        { uid: 'b', until: Number.MAX_SAFE_INTEGER },
      ];
      assert.deepEqual(await banned(), [a, b]);
      assert.deepEqual(await banned(['b', 'c', 'd', 'nobody']), [b]);
      assert.deepEqual(await banned([]), []);
      assert.equal((await directory.getUser('a'))!.banReason, 'spam ❤');
      await directory.setBan('a', 0);
      const { bannedUntil, banReason } = (await directory.getUser('a'))!;
      assert.deepEqual([bannedUntil, banReason], [0, undefined]);
    });

    it('makes a broadcast once, with the pages of its targets', async () => {
      const pages = [['a', 'b'], ['c']];
      assert.equal(await directory.createBroadcast(broadcast('b1', 7), pages), true);
      assert.equal(await directory.createBroadcast(broadcast('b1', 8), [['z']]), false);
      directory = await fixture.reopen();
      assert.deepEqual(await directory.getBroadcast('b1'), {
        ...broadcast('b1', 7),
        state: 'running',
        sent: 0,
        failed: 0,
        position: '',
        finishedAt: 0,
      });
      assert.deepEqual(await directory.broadcastPage('b1', 0), ['a', 'b']);
      assert.deepEqual(await directory.broadcastPage('b1', 1), ['c']);
      assert.deepEqual(await directory.broadcastPage('b1', 2), []);
      assert.equal(await directory.getBroadcast('b2'), undefined);
    });

    it('lists broadcasts, the newest first, in pages', async () => {
      for (const [id, at] of [
        ['x', 1],
        ['y', 2],
        ['z', 2],
        ['a', 3],
      ] as const)
        await directory.createBroadcast(broadcast(id, at, 'all'), []);
      const ids = async (before?: { createdAt: number; id: string }) =>
        (await directory.listBroadcasts(before, 3)).map(({ id }) => id);
      assert.deepEqual(await ids(), ['a', 'z', 'y']);
      assert.deepEqual(await ids({ createdAt: 2, id: 'y' }), ['x']);
      assert.deepEqual(await ids({ createdAt: 2, id: 'z' }), ['y', 'x']);
    });

    it('gives a broadcast to one runner at a time, until its lease ends', async () => {
      await directory.createBroadcast(broadcast('b1', 1), [['a']]);
      await directory.createBroadcast(broadcast('b2', 2), [['a']]);
      const claim = async (owner: string, now: number, limit = 10) =>
        (await directory.claimBroadcasts(owner, now, now + 10, limit)).map(({ id }) => id);
      assert.deepEqual(await claim('one', 100, 1), ['b1']);
      const both = await Promise.all([claim('one', 100), claim('two', 100)]);
      assert.deepEqual(both.flat(), ['b2']);
      assert.deepEqual(await claim('two', 109), []);
      assert.deepEqual(await claim('two', 110), ['b1', 'b2']);
    });

    it('counts what is done for the holder alone, and says when it was cancelled', async () => {
      await directory.createBroadcast(broadcast('b1'), [['a']]);
      await directory.claimBroadcasts('one', 100, 110, 1);
      const step = { position: '1', sent: 2, failed: 1 };
      assert.equal(await directory.advanceBroadcast('b1', 'two', step, 200), undefined);
      assert.equal(await directory.advanceBroadcast('b1', 'one', step, 200), 'running');
      assert.deepEqual(await directory.claimBroadcasts('two', 199, 300, 1), []);
      assert.equal(await directory.finishBroadcast('b1', 'done', 5, 'two'), false);
      assert.equal(await directory.finishBroadcast('b1', 'cancelled', 50), true);
      assert.equal(await directory.finishBroadcast('b1', 'cancelled', 60), false);
      assert.equal(
        await directory.advanceBroadcast('b1', 'one', { ...step, position: '2' }, 300),
        'cancelled',
      );
      assert.equal(await directory.finishBroadcast('b1', 'done', 70, 'one'), false);
      const { state, position, sent, failed, finishedAt } = (await directory.getBroadcast('b1'))!;
      assert.deepEqual([state, position, sent, failed, finishedAt], ['cancelled', '2', 4, 2, 50]);
      assert.deepEqual(await directory.broadcastPage('b1', 0), []);
      assert.deepEqual(await directory.claimBroadcasts('two', 1000, 2000, 1), []);
    });

    it('lets go of a broadcast at once when told so', async () => {
      await directory.createBroadcast(broadcast('b1'), [['a']]);
      await directory.claimBroadcasts('one', 100, 110, 1);
      await directory.advanceBroadcast('b1', 'one', { position: '', sent: 0, failed: 0 }, 0);
      assert.equal((await directory.claimBroadcasts('two', 101, 110, 1)).length, 1);
    });

    it('forgets broadcasts that ended long ago', async () => {
      await directory.createBroadcast(broadcast('b1'), []);
      await directory.createBroadcast(broadcast('b2'), []);
      await directory.createBroadcast(broadcast('b3'), []);
      await directory.finishBroadcast('b1', 'done', 5);
      await directory.finishBroadcast('b2', 'done', 50);
      assert.equal(await directory.pruneBroadcasts(50), 1);
      assert.equal(await directory.getBroadcast('b1'), undefined);
      assert.notEqual(await directory.getBroadcast('b2'), undefined);
      assert.notEqual(await directory.getBroadcast('b3'), undefined);
    });
  });
}
