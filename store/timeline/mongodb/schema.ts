import type { Db } from 'mongodb';
import { collectionsOf, upsert } from './documents.ts';

/** The version of the database. */
interface Meta {
  readonly _id: 'schema';
  readonly version: number;
}

interface Migration {
  readonly version: number;
  up(db: Db): Promise<void>;
}

/** In order; each may run again after a crash in its middle. */
const migrations: readonly Migration[] = [
  {
    version: 1,
    async up(db) {
      const { events, directs, cursors } = collectionsOf(db);
      // The fence of every append: whoever comes with an old head fails here.
      await events.createIndex({ conv: 1, seq: 1 }, { unique: true, name: 'conv_seq' });
      await events.createIndex({ conv: 1, target: 1, seq: 1 }, { name: 'conv_target_seq' });
      await directs.createIndex({ uid: 1, conv: 1 }, { name: 'uid_conv' });
      await cursors.createIndex({ conv: 1, uid: 1 }, { name: 'conv_uid' });
    },
  },
];

const newest = migrations.at(-1)!.version;

/** Brings the database to this version of Petrel; several processes may do it at once. A newer one is refused. */
export async function migrate(db: Db): Promise<void> {
  const meta = db.collection<Meta>('meta');
  const version = (await meta.findOne({ _id: 'schema' }))?.version ?? 0;
  if (version > newest)
    throw new Error(`the database ${db.databaseName} has version ${version}, this Petrel knows ${newest}`);
  for (const migration of migrations) {
    if (migration.version <= version) continue;
    await migration.up(db);
    const { version: reached } = migration;
    await upsert(() => meta.updateOne({ _id: 'schema' }, { $max: { version: reached } }, { upsert: true }));
  }
}
