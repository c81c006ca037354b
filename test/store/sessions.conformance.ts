import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SessionStore, StoredSession } from '../../store/sessions.ts';
import { collected } from '../support/collected.ts';

/**
 * A store to be tested; `reopen` ends its server without a word and opens what it left, when the end was found out. `now` is the
 * clock it goes by.
 */
export interface OpenedSessions {
  readonly store: SessionStore;
  /** The server takes the session for a connection, where it has to say so. */
  take?(key: string): Promise<unknown>;
  reopen(): Promise<SessionStore>;
  remove(): Promise<void>;
}

const session = (changes: Partial<StoredSession> = {}): StoredSession => ({
  uid: 'alice',
  clientId: 'phone',
  createdAt: 1_789_000_000_000,
  expirySeconds: 3600,
  positions: { 'u:alice:bob': 7, 'g:team': 3 },
  subscriptions: [{ filter: 'g/team', qos: 1, noLocal: true, identifier: 5 }],
  silenced: ['n/alice'],
  ...changes,
});

/** Tests each guarantee of SessionStore's comments on an implementation. */
export function sessionsConformance(
  name: string,
  open: (now: () => number) => Promise<OpenedSessions>,
): void {
  describe(`${name} as a session store`, () => {
    let nowMs = 1_789_000_000_000;
    const withStore = async (use: (opened: OpenedSessions) => Promise<void>): Promise<void> => {
      nowMs = 1_789_000_000_000;
      const opened = await open(() => nowMs);
      try {
        await use(opened);
      } finally {
        await opened.remove();
      }
    };

    test('answers undefined for a session that is not there', () =>
      withStore(async ({ store }) => {
        assert.equal(await store.get('alice', 'phone'), undefined);
      }));

    test('answers a session as it was put, also after it was opened again', () =>
      withStore(async (opened) => {
        await opened.take?.('alice/phone');
        await opened.store.put(session());
        assert.deepEqual(await opened.store.get('alice', 'phone'), session());
        const again = await opened.reopen();
        // It was connected when the server ended: it counts as disconnected since that was found out.
        assert.deepEqual(await again.get('alice', 'phone'), session({ disconnectedAt: nowMs }));
        assert.equal(await again.get('alice', 'tablet'), undefined);
        assert.equal(await again.get('bob', 'phone'), undefined);
      }));

    test('keeps the packet ids of messages that wait for their release', () =>
      withStore(async ({ store }) => {
        const left = session({ disconnectedAt: nowMs, received: [1, 65_535] });
        await store.put(left);
        assert.deepEqual(await store.get('alice', 'phone'), left);
        await store.put(session());
        assert.deepEqual(await store.get('alice', 'phone'), session());
      }));

    test('lets a session that was connected when the server died expire like any other', () =>
      withStore(async (opened) => {
        await opened.take?.('alice/phone');
        await opened.store.put(session({ expirySeconds: 60 }));
        const again = await opened.reopen();
        nowMs += 60_001;
        assert.equal(await again.get('alice', 'phone'), undefined);
        assert.deepEqual(await again.expire(nowMs, 10), [{ uid: 'alice', clientId: 'phone' }]);
      }));

    test('gives all sessions that have not expired, each once', () =>
      withStore(async ({ store }) => {
        const many = Array.from({ length: 250 }, (_, i) =>
          session({
            uid: `user${i % 7}`,
            clientId: `c ${i}`,
            disconnectedAt: nowMs,
            ...(i === 3 && { did: 'd', received: [1] }),
          }),
        );
        for (const one of many) await store.put(one);
        await store.put(session({ expirySeconds: 60, disconnectedAt: nowMs }));
        nowMs += 60_001;
        const key = ({ uid, clientId }: StoredSession) => `${uid} ${clientId}`;
        const sorted = (list: StoredSession[]) => list.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
        assert.deepEqual(sorted(await collected(store.all())), sorted(many));
      }));

    test('tells of the sessions that have subscriptions', () =>
      withStore(async ({ store }) => {
        await store.put(session());
        await store.put(session({ clientId: 'tablet', subscriptions: [] }));
        const { uid, clientId, subscriptions } = session();
        assert.deepEqual(await store.subscribers(), [{ uid, clientId, subscriptions }]);
      }));

    test("tells of a user's sessions, each with its device where that is not the client", () =>
      withStore(async ({ store }) => {
        await store.put(session({ did: 'd-1' }));
        await store.put(session({ clientId: 'tablet' }));
        await store.put(session({ clientId: 'old', disconnectedAt: nowMs - 2000, expirySeconds: 1 }));
        await store.put(session({ uid: 'bob' }));
        assert.deepEqual(await store.get('alice', 'phone'), session({ did: 'd-1' }));
        const found = await store.sessionsOf('alice');
        assert.deepEqual(
          found.sort((a, b) => (a.clientId < b.clientId ? -1 : 1)),
          [
            { uid: 'alice', clientId: 'phone', did: 'd-1' },
            { uid: 'alice', clientId: 'tablet' },
          ],
        );
        assert.deepEqual(await store.sessionsOf('carol'), []);
      }));

    test('replaces a session as a whole', () =>
      withStore(async ({ store }) => {
        await store.put(session());
        const next = session({ positions: {}, subscriptions: [], silenced: [], disconnectedAt: nowMs });
        await store.put(next);
        assert.deepEqual(await store.get('alice', 'phone'), next);
      }));

    test('merges positions into sessions that exist and passes over others', () =>
      withStore(async (opened) => {
        await opened.store.put(session());
        await opened.store.put(session({ clientId: 'tablet' }));
        await opened.store.progress([
          { uid: 'alice', clientId: 'phone', positions: { 'g:team': 9 } },
          { uid: 'alice', clientId: 'gone', positions: { 'g:team': 9 } },
          { uid: 'alice', clientId: 'phone', positions: { 'g:new': 1, 'g:team': 10 } },
        ]);
        const store = await opened.reopen();
        assert.deepEqual((await store.get('alice', 'phone'))?.positions, {
          'u:alice:bob': 7,
          'g:team': 10,
          'g:new': 1,
        });
        assert.deepEqual((await store.get('alice', 'tablet'))?.positions, session().positions);
        assert.equal(await store.get('alice', 'gone'), undefined);
      }));

    test('lets the calls of one session take effect in their order', () =>
      withStore(async ({ store }) => {
        const calls: Promise<unknown>[] = [];
        for (let seq = 1; seq <= 50; seq++) {
          calls.push(store.put(session({ positions: {} })));
          calls.push(store.progress([{ uid: 'alice', clientId: 'phone', positions: { 'g:team': seq } }]));
        }
        calls.push(store.remove('alice', 'phone'));
        calls.push(store.progress([{ uid: 'alice', clientId: 'phone', positions: { 'g:team': 99 } }]));
        const gone = store.get('alice', 'phone');
        await Promise.all(calls);
        assert.equal(await gone, undefined);
        await Promise.all([
          store.put(session()),
          store.remove('alice', 'phone'),
          store.put(session({ createdAt: 5 })),
        ]);
        assert.equal((await store.get('alice', 'phone'))?.createdAt, 5);
      }));

    test('removes a session and nothing else', () =>
      withStore(async ({ store }) => {
        await store.put(session());
        await store.put(session({ uid: 'bob' }));
        await store.remove('alice', 'phone');
        await store.remove('alice', 'phone');
        assert.equal(await store.get('alice', 'phone'), undefined);
        assert.deepEqual(await store.get('bob', 'phone'), session({ uid: 'bob' }));
      }));

    test('never answers an expired session', () =>
      withStore(async ({ store }) => {
        await store.put(session({ disconnectedAt: nowMs, expirySeconds: 10 }));
        nowMs += 9_999;
        assert.ok(await store.get('alice', 'phone'));
        nowMs += 2;
        assert.equal(await store.get('alice', 'phone'), undefined);
      }));

    test('expires what ended long enough ago, at most as many as asked, and answers them', () =>
      withStore(async ({ store }) => {
        await store.put(session({ uid: 'a', disconnectedAt: nowMs, expirySeconds: 10 }));
        await store.put(session({ uid: 'b', disconnectedAt: nowMs, expirySeconds: 20 }));
        await store.put(session({ uid: 'c', disconnectedAt: nowMs, expirySeconds: 30 }));
        await store.put(session({ uid: 'connected', expirySeconds: 0 }));
        await store.put(session({ uid: 'forever', disconnectedAt: nowMs, expirySeconds: 0xffff_ffff }));
        assert.deepEqual(await store.expire(nowMs + 9_000, 10), []);
        assert.deepEqual(await store.expire(nowMs + 25_000, 1), [{ uid: 'a', clientId: 'phone' }]);
        assert.deepEqual(await store.expire(nowMs + 25_000, 10), [{ uid: 'b', clientId: 'phone' }]);
        const late = nowMs + 100 * 365 * 86_400_000;
        assert.deepEqual(await store.expire(late, 10), [{ uid: 'c', clientId: 'phone' }]);
        nowMs = late;
        assert.ok(await store.get('forever', 'phone'));
        assert.ok(await store.get('connected', 'phone'));
      }));

    test('a session that connects again does not expire', () =>
      withStore(async ({ store }) => {
        await store.put(session({ disconnectedAt: nowMs, expirySeconds: 10 }));
        await store.put(session({ expirySeconds: 10 }));
        assert.deepEqual(await store.expire(nowMs + 60_000, 10), []);
      }));

    test('says that it works, and rejects with store.unavailable once closed', () =>
      withStore(async ({ store }) => {
        await store.check();
        await store.close();
        await assert.rejects(store.check(), { code: 'store.unavailable' });
        await assert.rejects(store.put(session()), { code: 'store.unavailable' });
        await assert.rejects(store.get('alice', 'phone'), { code: 'store.unavailable' });
      }));
  });
}
