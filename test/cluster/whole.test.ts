import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { EventDocument } from '../../schemas/event.ts';
import { openMysqlDirectory } from '../../store/directory/sql/mysql.ts';
import { until } from '../support/until.ts';
import { atLength, rounds, underLoad } from './chaos.ts';
import { withServers } from './servers-there.ts';

/** How often the maker of a group dies. */
const kills = 3;
/** Members of a group that is made while its maker dies. */
const uids = Array.from({ length: 200 }, (_, i) => `member-${i}`);

await withServers(() =>
  underLoad('a cluster under load', {}, (chaos) => {
    before(async () => {
      const { mariadb } = chaos().cluster;
      const directory = await openMysqlDirectory({ url: mariadb.url(mariadb.port) });
      await directory.ensureUsers(uids, 1);
      await directory.close();
    });

    rounds((suffix) => {
      it(`makes a group as a whole or not at all when the api is killed meanwhile${suffix}`, async (t) => {
        const { cluster, random } = chaos();
        const [api] = cluster.apis;
        const owner = cluster.user('owner');
        await owner.api.get('/me');
        const made: number[] = [];
        for (let i = 0; i < kills; i++) {
          const creating = owner.api.post('/groups', { name: `group ${i}`, members: uids });
          const outcome = creating.then(
            ({ status }) => status,
            () => undefined,
          );
          // From before anything was done until after everything was, whatever the machine.
          const afterMs = random.between(10, 30) * 8 ** i;
          await setTimeout(afterMs);
          await api!.kill();
          const status = await outcome;
          await api!.up();
          const { body } = await until('the groups of the owner', async () => {
            const reply = await owner.api.get<{ items: Group[] }>('/groups').catch(() => undefined);
            return reply?.status === 200 ? reply : undefined;
          });
          const group = body.items.find(({ name }) => name === `group ${i}`);
          if (status === 201) assert.ok(group !== undefined, 'what was answered is there');
          if (group === undefined) continue;
          made.push(afterMs);
          assert.equal(group.memberCount, uids.length + 1);
          const path = `/conversations/g:${group.gid}/messages?limit=10`;
          // It is paid by the outbox, when the api is there again.
          const events = await until(
            'the first event',
            async () => {
              const { status: found, body: page } = await owner.api.get<{ events: EventDocument[] }>(path);
              return found === 200 && page.events.length > 0 ? page.events : undefined;
            },
            30_000,
          );
          assert.equal(events.length, 1);
          const { uids: named } = events[0]!.body as unknown as { uids: string[] };
          assert.deepEqual(named.toSorted(), ['owner', ...uids].sort());
        }
        t.diagnostic(`made when killed after ${made.join(', ') || 'no'} ms`);
      });

      it(`loses nothing when every process of it is killed at once${suffix}`, (t) =>
        chaos().survives(t, `all nodes killed${suffix}`, async ({ cluster: { nodes } }) => {
          await Promise.all(nodes.map((node) => node.kill()));
          await Promise.all(nodes.map((node) => node.up()));
        }));
    });

    atLength(() =>
      rounds((suffix) => {
        it(`loses nothing when the api is killed${suffix}`, (t) =>
          chaos().survives(t, `api killed${suffix}`, async ({ cluster, lasts }) => {
            const [api] = cluster.apis;
            await api!.kill();
            await lasts(1000);
            await api!.up();
          }));

        it(`loses no message when Redis comes back empty: sessions begin anew, and clients are told${suffix}`, (t) =>
          chaos().survives(
            t,
            `redis empty${suffix}`,
            async ({ cluster, lasts }) => {
              await cluster.emptyRedis();
              await cluster.redis.kill();
              await lasts(1000);
              await cluster.redis.up();
            },
            { losesSessions: true },
          ));
      }),
    );
  }),
);

interface Group {
  readonly gid: string;
  readonly name: string;
  readonly memberCount: number;
}
