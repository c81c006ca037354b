import { it } from 'node:test';
import { atLength, leaseMs, rounds, underLoad } from './chaos.ts';
import { withServers } from './servers-there.ts';
import { freeze, thaw } from './victims.ts';

await withServers(() =>
  underLoad('the servers of a cluster under load', { diskMegabytes: 96 }, (chaos) => {
    rounds((suffix) => {
      for (const name of ['redis', 'mongodb', 'mariadb'] as const)
        it(`nothing is lost when ${name} is killed${suffix}`, (t) =>
          chaos().survives(t, `${name} killed${suffix}`, async ({ cluster, lasts, random }) => {
            const server = cluster[name];
            await server.kill();
            await lasts(random.between(500, 2000));
            await server.up();
          }));

      it(`nothing is lost when the disk of MongoDB is full${suffix}`, (t) =>
        chaos().survives(t, `disk of mongodb full${suffix}`, async ({ cluster, load }) => {
          if (cluster.mongodb.disk === undefined) t.diagnostic('no disk could be made here to be filled');
          await cluster.fillMongo();
          await load.refused(8000);
          cluster.mongodb.disk?.empty();
        }));
    });

    atLength(() =>
      rounds((suffix) => {
        for (const name of ['redis', 'mongodb', 'mariadb'] as const)
          it(`nothing is lost when ${name} is frozen${suffix}`, (t) =>
            chaos().survives(t, `${name} frozen${suffix}`, async ({ cluster, lasts }) => {
              freeze(cluster[name]);
              await lasts(leaseMs);
              thaw(cluster[name]);
            }));

        it(`nothing is lost when Redis has no room${suffix}`, (t) =>
          chaos().survives(t, `redis full${suffix}`, async ({ cluster, lasts }) => {
            await cluster.redisSetting('maxmemory', '1');
            await lasts(5000);
            await cluster.redisSetting('maxmemory', '0');
          }));

        it(`nothing is lost when all three are killed at once${suffix}`, (t) =>
          chaos().survives(t, `all servers killed${suffix}`, async ({ cluster: { servers }, lasts }) => {
            await Promise.all(servers.map((server) => server.kill()));
            await lasts(2000);
            await Promise.all(servers.map((server) => server.up()));
          }));
      }),
    );
  }),
);
