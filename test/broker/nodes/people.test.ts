import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import { ClusterConnections } from '../../../broker/cluster-connections.ts';
import { Claims } from '../../../broker/devices/claims.ts';
import { Endings } from '../../../broker/endings.ts';
import type { Session } from '../../../broker/hub/session.ts';
import { tellTyping } from '../../../broker/inbound/typing.ts';
import { SharedStates } from '../../../broker/presence/shared.ts';
import { Presence } from '../../../broker/presence.ts';
import type { Platform } from '../../../schemas/identity.ts';
import type { Nodes } from '../../../store/nodes.ts';
import type { SessionStore } from '../../../store/sessions.ts';
import { openRedisBus, type RedisBus } from '../../../store/state/redis/bus.ts';
import { RedisConnection } from '../../../store/state/redis/client.ts';
import { openRedisNodes } from '../../../store/state/redis/nodes.ts';
import { RedisOnline } from '../../../store/state/redis/online.ts';
import { openRedisOwners, type RedisOwners } from '../../../store/state/redis/owners.ts';
import { openRedisSessions } from '../../../store/state/redis/sessions.ts';
import { withReal } from '../../servers/not-available.ts';
import { findOwnRedis, type OwnRedisServer, startOwnRedis } from '../../servers/redis.ts';
import { until } from '../../support/until.ts';
import { FakeLink, HubFixture } from '../hub/fixture.ts';

const ignored = (): void => {};

/** A node with a hub and what tells others of its people. */
class Node {
  readonly links = new Map<Session, FakeLink>();
  readonly redis: RedisConnection;
  readonly bus: RedisBus;
  readonly nodes: Nodes;
  readonly online: RedisOnline;
  readonly owners: RedisOwners;
  readonly sessions: SessionStore;
  readonly fixture: HubFixture;
  readonly presence: Presence;
  readonly claims: Claims;
  readonly endings: Endings;
  readonly #endTyping: () => void;

  private constructor(
    parts: Pick<Node, 'redis' | 'bus' | 'nodes' | 'owners' | 'sessions'>,
    policy: 'multi' | 'single',
  ) {
    ({ redis: this.redis, bus: this.bus, nodes: this.nodes } = parts);
    ({ owners: this.owners, sessions: this.sessions } = parts);
    const { redis, bus, nodes } = this;
    const shared = { now: Date.now, onError: ignored };
    this.online = new RedisOnline({ redis, nodes, ...shared, checkMs: 200 });
    this.fixture = new HubFixture(bus, { ...bus });
    this.fixture.groups.set('team', 1);
    const { hub } = this.fixture;
    const sessionsOf = (uid: string) => hub.sessionsOf(uid);
    const directory = { absences: async () => new Map(), putStatus: async () => {} };
    const states = new SharedStates({
      ...{ online: this.online, directory, bus, nodes, ...shared },
      isHere: (uid) => sessionsOf(uid).length > 0,
      graceMs: 50,
    });
    const sight = { maySee: async () => true, mayHear: async () => true, isHidden: async () => false };
    this.presence = new Presence({ states, sessionsOf, sight, directory, bus, ...shared });
    this.claims = new Claims({ policy, sessionsOf, sessions: () => this.links.keys(), bus, now: Date.now });
    this.endings = new Endings({ online: this.online, bus, now: Date.now, everyMs: 100 });
    this.#endTyping = tellTyping({ hub, sight: sight as never }, bus, ignored);
  }

  static async start(url: string, policy: 'multi' | 'single' = 'multi'): Promise<Node> {
    const redis = await RedisConnection.open({ url, retryMs: 50 });
    const bus = await openRedisBus({ url, onError: ignored, beatMs: 100, retryMs: 50 });
    const self = { id: randomUUID(), role: 'all', startedAt: Date.now() } as const;
    const times = { leaseMs: 1000, renewMs: 200, lookMs: 50 };
    const nodes = await openRedisNodes({ redis, bus, self, ...times, onError: ignored });
    const owners = await openRedisOwners({ redis, bus, nodes, onError: ignored });
    const sessions = await openRedisSessions({ redis, owners });
    return new Node({ redis, bus, nodes, owners, sessions }, policy);
  }

  async connect(uid: string, clientId: string, platform?: Platform): Promise<FakeLink> {
    const { hub } = this.fixture;
    const link = new FakeLink();
    const user = hub.claim(uid);
    await user.loaded;
    const session = hub.attach({
      ...{ clientId, did: clientId, user, link, window: 100, maxBacklogBytes: 1000, resumed: false },
      ...(platform !== undefined && { platform }),
    });
    link.end = (reason) => {
      link.ended = reason;
      this.end(session);
    };
    const at = { address: '', protocol: 5, transport: 'tcp', since: Date.now() } as const;
    this.online.put({ uid, clientId, did: clientId, ...(platform !== undefined && { platform }), ...at });
    session.open();
    this.links.set(session, link);
    this.claims.claim(session);
    return link;
  }

  end(session: Session): void {
    this.links.delete(session);
    this.presence.leave(session);
    this.fixture.hub.detach(session);
    this.online.remove({ uid: session.user.uid, clientId: session.clientId });
  }

  /** Every connection ends, by nobody's fault. */
  endAll(): void {
    for (const session of this.links.keys()) this.end(session);
  }

  async watch(watcher: FakeLink, uid: string): Promise<void> {
    const session = [...this.links].find(([, link]) => link === watcher)![0];
    (await this.presence.watch(session, uid, { filter: `presence/${uid}`, qos: 0 }))?.();
  }

  /** Ends without a word to the others where `silent`. */
  async close(silent = false): Promise<void> {
    this.#endTyping();
    this.claims.close();
    this.endings.close();
    await this.presence.close();
    if (silent) await this.redis.close();
    await this.online.close();
    await this.owners.close();
    await this.nodes.close();
    await this.fixture.hub.close();
    await this.bus.close();
    await this.redis.close();
  }
}

/** What a watcher was told last. */
const shown = ({ got }: FakeLink) => {
  const last = got.filter(({ topic }) => topic.startsWith('presence/')).at(-1)?.payload;
  return last && `${last.online} ${last.platforms ?? ''}`.trim();
};

await withReal('redis', findOwnRedis, () =>
  describe('people on several nodes', () => {
    let server: OwnRedisServer;
    let url: string;

    before(async () => {
      server = await startOwnRedis();
    });
    after(() => server.stop());
    beforeEach(async () => {
      url = await server.newDatabase();
    });
    const withNodes = async (
      use: (a: Node, b: Node) => Promise<void>,
      policy: 'multi' | 'single' = 'multi',
    ): Promise<void> => {
      const nodes = await Promise.all([Node.start(url, policy), Node.start(url, policy)]);
      try {
        await use(...(nodes as [Node, Node]));
      } finally {
        for (const node of nodes) await node.close();
      }
    };

    it('see each other come, change and go', () =>
      withNodes(async (a, b) => {
        const ann = await a.connect('ann', '1');
        await a.watch(ann, 'bob');
        assert.equal(shown(ann), 'false');
        const bob = await b.connect('bob', '1', 'web');
        await until('online', () => shown(ann) === 'true web');
        await a.connect('bob', '2', 'mobile');
        await until('both', () => shown(ann) === 'true web,mobile');
        bob.end(0);
        await until('one', () => shown(ann) === 'true mobile');
        assert.deepEqual(await b.presence.presenceOf('cid', 'bob').then((state) => state?.platforms), [
          'mobile',
        ]);
        const session = [...a.links.keys()].find(({ user }) => user.uid === 'bob')!;
        a.end(session);
        await until('none', () => shown(ann) === 'false');
      }));

    it('are gone with their node, when its lease has run out', async () => {
      const [a, b] = await Promise.all([Node.start(url), Node.start(url)]);
      try {
        const ann = await a.connect('ann', '1');
        await b.connect('bob', '1');
        await b.online.written();
        await a.watch(ann, 'bob');
        assert.equal(shown(ann), 'true');
        await b.close(true);
        await until('offline', () => shown(ann) === 'false');
      } finally {
        await a.close();
      }
    });

    it('are shown as they are once Redis is back, whatever happened meanwhile', () =>
      withNodes(async (a, b) => {
        const ann = await a.connect('ann', '1');
        await b.connect('bob', '1');
        await b.online.written();
        for (const uid of ['bob', 'cid']) await a.watch(ann, uid);
        await until('bob', () =>
          ann.got.some(({ payload }) => payload.uid === 'bob' && payload.online === true),
        );
        await server.down('SIGKILL');
        b.endAll();
        await server.up();
        const last = (uid: string) =>
          ann.got.filter(({ payload }) => payload.uid === uid).at(-1)?.payload.online;
        await until('bob has gone', () => last('bob') === false);
        await b.connect('cid', '1');
        await until('cid has come', () => last('cid') === true);
      }));

    it('have one connection where devices.policy says so: the newest, on whatever node', () =>
      withNodes(async (a, b) => {
        const first = await a.connect('ann', '1');
        await new Promise((resolve) => setImmediate(resolve));
        await b.connect('ann', '2');
        await until('the end of the first', () => first.ended === 0x8e);
        await until('one is left', async () => (await a.online.of('ann')).length === 1);
        const third = await a.connect('ann', '3');
        await until('the end of the second', () => b.links.size === 0);
        assert.equal(third.ended, undefined);
      }, 'single'));

    it('hear who types in their groups, but for who does', () =>
      withNodes(async (a, b) => {
        const [ann, bob] = [await a.connect('ann', '1'), await b.connect('bob', '1')];
        a.bus.publish({ type: 'typing', gid: 'team', uid: 'ann', on: true });
        const heard = ({ got }: FakeLink) => got.filter(({ payload }) => payload.type === 'typing');
        await until('typing', () => heard(bob).length > 0);
        assert.deepEqual(
          heard(bob).map(({ topic, qos, payload: { conv, uid, on } }) => ({ topic, qos, conv, uid, on })),
          [{ topic: 'n/bob', qos: 0, conv: 'g:team', uid: 'ann', on: true }],
        );
        assert.deepEqual(heard(ann), []);
      }));

    it('are listed with their nodes, kicked wherever they are, and forgotten where they are not connected', () =>
      withNodes(async (a, b) => {
        const seen: string[] = [];
        const connections = new ClusterConnections({
          ...{ online: a.online, sessions: a.sessions, endings: a.endings, now: Date.now },
          sightings: { came: ({ did }) => seen.push(did), flush: async () => {} },
        });
        const bob = await b.connect('bob', '1');
        await b.online.written();
        const [found] = await connections.devicesOf('bob');
        assert.deepEqual([found?.clientId, found?.node, seen], ['1', b.nodes.self.id, ['1']]);
        await connections.end({ type: 'end', uid: 'bob', reason: 0x98 });
        await until('the end', () => bob.ended === 0x98);

        const stored = { uid: 'bob', createdAt: 1, expirySeconds: 3600, positions: {}, subscriptions: [] };
        for (const clientId of ['here', 'away', 'other']) {
          await b.owners.take(`bob/${clientId}`);
          const did = clientId === 'other' ? 'other' : 'd1';
          const isAway = clientId !== 'here';
          await b.sessions.put({
            ...{ ...stored, clientId, did, silenced: [] },
            ...(isAway && { disconnectedAt: Date.now() }),
          });
          if (isAway) await b.owners.release(`bob/${clientId}`);
        }
        await connections.forget('bob', 'd1');
        const left = (await b.sessions.sessionsOf('bob')).map(({ clientId }) => clientId).sort();
        assert.deepEqual(left, ['here', 'other']);
        assert.deepEqual(await b.sessions.expire(Date.now(), 10), [{ uid: 'bob', clientId: 'away' }]);
        await b.owners.release('bob/here');
        await connections.endSessions('bob');
        assert.deepEqual(await b.sessions.sessionsOf('bob'), []);
      }));
  }),
);
