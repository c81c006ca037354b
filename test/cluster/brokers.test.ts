import { it } from 'node:test';
import { atLength, kill, leaseMs, rounds, underLoad } from './chaos.ts';
import { withServers } from './servers-there.ts';
import { freeze, thaw } from './victims.ts';

await withServers(() =>
  underLoad('two brokers under load', {}, (chaos) => {
    rounds((suffix) => {
      it(`lose nothing when one is killed${suffix}`, (t) =>
        chaos().survives(
          t,
          `broker 1 killed${suffix}`,
          kill((cluster) => cluster.broker[0]),
        ));
    });

    atLength(() =>
      rounds((suffix) => {
        it(`lose nothing when the other one is killed${suffix}`, (t) =>
          chaos().survives(
            t,
            `broker 2 killed${suffix}`,
            kill((cluster) => cluster.broker[1]),
          ));

        it(`lose nothing when one is stopped, and its clients move to the other${suffix}`, (t) =>
          chaos().survives(t, `broker 2 stopped${suffix}`, async ({ cluster }) => {
            const broker = cluster.broker[1];
            await broker.petrel.stop();
            await broker.kill();
            await broker.up();
          }));

        it(`lose nothing when one stays away for longer than a lease${suffix}`, (t) =>
          chaos().survives(t, `broker 1 away${suffix}`, async ({ cluster, lasts }) => {
            await cluster.broker[0].kill();
            await lasts(leaseMs);
            await cluster.broker[0].up();
          }));

        it(`lose nothing when one is frozen for longer than a lease${suffix}`, (t) =>
          chaos().survives(t, `broker 2 frozen${suffix}`, async ({ cluster, lasts }) => {
            freeze(cluster.broker[1]);
            await lasts(leaseMs);
            thaw(cluster.broker[1]);
          }));

        for (const server of ['redis', 'mongodb', 'mariadb'] as const)
          for (const how of ['cut', 'silence'] as const)
            it(`lose nothing when one is ${how === 'cut' ? 'cut off from' : 'in silence with'} ${server}${suffix}`, (t) =>
              chaos().survives(t, `broker 1 – ${server}: ${how}${suffix}`, async ({ cluster, lasts }) => {
                const link = cluster.broker[0].links[server]!;
                link[how]();
                await lasts(leaseMs);
                link.open();
              }));
      }),
    );
  }),
);
