import { after, before, describe, it } from 'node:test';
import { findMariaDb } from '../servers/mariadb.ts';
import { findMongo } from '../servers/mongodb.ts';
import { withReal } from '../servers/not-available.ts';
import { Chaos } from './chaos.ts';
import { freeze, thaw } from './victims.ts';

await withReal(
  'mongodb and mariadb',
  () => Promise.all([findMongo(), findMariaDb()]),
  () =>
    describe('one process on MongoDB and MariaDB, under load', () => {
      let chaos: Chaos;
      before(async () => {
        chaos = await Chaos.start({ roles: ['all'], redis: false, diskMegabytes: 48 });
      });
      after(() => chaos?.stop());

      it('loses nothing when it is killed', (t) =>
        chaos.survives(t, 'node killed', async ({ cluster }) => {
          const [node] = cluster.nodes;
          await node!.kill();
          await node!.up();
        }));

      it('loses nothing when MongoDB is killed', (t) =>
        chaos.survives(t, 'mongodb killed', async ({ cluster: { mongodb }, lasts }) => {
          await mongodb.kill();
          await lasts(1000);
          await mongodb.up();
        }));

      it('loses nothing when MariaDB is killed', (t) =>
        chaos.survives(t, 'mariadb killed', async ({ cluster: { mariadb }, lasts }) => {
          await mariadb.kill();
          await lasts(1000);
          await mariadb.up();
        }));

      it('loses nothing when MongoDB is frozen', (t) =>
        chaos.survives(t, 'mongodb frozen', async ({ cluster: { mongodb }, lasts }) => {
          freeze(mongodb);
          await lasts(3000);
          thaw(mongodb);
        }));

      it('loses nothing when the disk of MongoDB is full', (t) =>
        chaos.survives(t, 'disk of mongodb full', async ({ cluster: { mongodb }, load }) => {
          mongodb.disk?.fill();
          await load.refused(8000);
          mongodb.disk?.empty();
        }));

      it('loses nothing when its connections are cut, or go silent', (t) =>
        chaos.survives(t, 'links cut and silent', async ({ cluster, lasts }) => {
          const { mongodb, mariadb } = cluster.nodes[0]!.links;
          mongodb!.cut();
          mariadb!.silence();
          await lasts(2000);
          mongodb!.open();
          mariadb!.open();
        }));
    }),
);
