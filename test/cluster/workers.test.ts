import { it } from 'node:test';
import { until } from '../support/until.ts';
import { atLength, kill, leaseMs, rounds, underLoad } from './chaos.ts';
import { startRogue } from './rogue.ts';
import { withServers } from './servers-there.ts';
import { freeze, thaw } from './victims.ts';

await withServers(() =>
  underLoad('two workers under load', {}, (chaos) => {
    rounds((suffix) => {
      it(`lose nothing when one is killed${suffix}`, (t) =>
        chaos().survives(
          t,
          `worker 1 killed${suffix}`,
          kill((cluster) => cluster.worker[0]),
        ));

      it(`lose nothing when one is frozen for longer than its lease, and believes that it has what the other took${suffix}`, (t) =>
        chaos().survives(t, `worker 1 frozen${suffix}`, async ({ cluster, lasts }) => {
          freeze(cluster.worker[0]);
          await lasts(leaseMs);
          thaw(cluster.worker[0]);
        }));
    });

    atLength(() =>
      rounds((suffix) => {
        it(`lose nothing when the other one is killed${suffix}`, (t) =>
          chaos().survives(
            t,
            `worker 2 killed${suffix}`,
            kill((cluster) => cluster.worker[1]),
          ));

        it(`lose nothing when a third one believes that it has everything, and takes all that one broker has${suffix}`, (t) =>
          chaos().survives(t, `two workers a partition${suffix}`, async ({ cluster, load }) => {
            const rogue = await startRogue(cluster, cluster.broker[0]);
            try {
              await until('both store', () => rogue.stored > 10, 60_000);
              await load.progress(5, 60_000);
            } finally {
              await rogue.close();
            }
          }));

        it(`lose nothing when one is cut off from MongoDB${suffix}`, (t) =>
          chaos().survives(t, `worker 2 – mongodb: cut${suffix}`, async ({ cluster, load }) => {
            const { mongodb } = cluster.worker[1].links;
            mongodb!.cut();
            await load.refused(3000);
            mongodb!.open();
          }));

        it(`lose nothing when one stays away for longer than its lease${suffix}`, (t) =>
          chaos().survives(t, `worker 1 away${suffix}`, async ({ cluster, lasts }) => {
            await cluster.worker[0].kill();
            await lasts(leaseMs);
            await cluster.worker[0].up();
          }));

        it(`lose nothing when both are killed${suffix}`, (t) =>
          chaos().survives(t, `both workers killed${suffix}`, async ({ cluster, lasts }) => {
            await Promise.all(cluster.workers.map((worker) => worker.kill()));
            await lasts(3000);
            await Promise.all(cluster.workers.map((worker) => worker.up()));
          }));

        it(`lose nothing when one is stopped${suffix}`, (t) =>
          chaos().survives(t, `worker 2 stopped${suffix}`, async ({ cluster }) => {
            const worker = cluster.worker[1];
            await worker.petrel.stop();
            await worker.kill();
            await worker.up();
          }));

        for (const server of ['redis', 'mongodb', 'mariadb'] as const)
          for (const how of ['cut', 'silence'] as const)
            it(`lose nothing when one is ${how === 'cut' ? 'cut off from' : 'in silence with'} ${server}${suffix}`, (t) =>
              chaos().survives(t, `worker 1 – ${server}: ${how}${suffix}`, async ({ cluster, lasts }) => {
                const link = cluster.worker[0].links[server]!;
                link[how]();
                await lasts(leaseMs);
                link.open();
              }));

        it(`lose nothing when the way to MongoDB is slow${suffix}`, (t) =>
          chaos().survives(t, `worker 1 – mongodb: 300 ms${suffix}`, async ({ cluster, lasts }) => {
            const link = cluster.worker[0].links.mongodb!;
            link.delay(300);
            await lasts(5000);
            link.open();
          }));
      }),
    );
  }),
);
