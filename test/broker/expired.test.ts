import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { BrokerContext } from '../../broker/context.ts';
import { expireSessions } from '../../broker/stored.ts';
import { withReal } from '../servers/not-available.ts';
import { findRedis, type RedisServer, startRedis } from '../servers/redis.ts';
import { until } from '../support/until.ts';
import { twoNodes } from './custom/cluster/nodes.ts';
import { connect } from './custom/fixture.ts';

const persistent = { persistent: true } as const;

/** A broker that has the session of whom it is asked, and whose stored sessions are `stored`. */
const parts = (
  custom: BrokerContext['custom'],
  stored: ReadonlySet<string>,
  expired: readonly string[] = [],
) =>
  ({
    custom,
    now: () => 0,
    sessions: {
      expire: async () => expired.map((clientId) => ({ uid: 'bob', clientId })),
      get: async (uid: string, clientId: string) => (stored.has(`${uid}/${clientId}`) ? {} : undefined),
    },
    registry: {
      connectionOf: () => undefined,
      isTaken: () => false,
      inTurn: (_: string, work: () => unknown) => work(),
    },
    owners: { take: async () => 1, release: () => {} },
    unfinished: { finish: async () => {}, run: (_: string, work: () => unknown) => work() },
  }) as unknown as BrokerContext;

await withReal('redis', findRedis, () =>
  describe('the expiry of sessions', () => {
    let redis: RedisServer;
    before(async () => {
      redis = await startRedis();
    });
    after(() => redis.stop());

    it('takes what waits for them in all nodes, and what a node that died meanwhile left of others', () =>
      twoNodes(redis, async (a, b) => {
        for (const id of ['expired', 'orphan', 'lives', 'new']) {
          const client = connect(`bob/${id}`, persistent);
          await a.subscribe(client, `t/${id}`);
          a.cluster.detach(client);
          await a.cluster.settled(client.key);
        }
        await a.publish(connect('pub/p'), 't/orphan', 'x');
        await until('both nodes', () => b.cluster.someSessions(10).length === 4);
        // The one that expired and came anew keeps what it has.
        const stored = new Set(['bob/lives', 'bob/new']);
        await expireSessions(parts(b.cluster, stored, ['expired', 'new']));
        for (let i = 0; i < 2; i++) await expireSessions(parts(b.cluster, stored));
        const { rows } = await a.shared.rows();
        assert.deepEqual(rows.map(({ session }) => session).sort(), ['bob/lives', 'bob/new']);
        assert.equal(await a.shared.holds('bob/orphan'), false);
      }));
  }),
);
