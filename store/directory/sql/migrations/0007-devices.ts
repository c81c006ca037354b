import { type Migration, sql } from 'kysely';
import type { SqlFlavor } from '../dialect.ts';

/** A client id of 256 bytes, each written as `%xx`. */
const didLength = 768;

export const devices = ({ types: { id, text } }: SqlFlavor): Migration => ({
  async up(db) {
    const { schema } = db;
    // A device may be known by its client id, which is longer than a token's did. A column cannot be changed everywhere.
    await schema.alterTable('devices').renameTo('devices_before').execute();
    await schema
      .createTable('devices')
      .addColumn('uid', id(64), (c) => c.notNull())
      .addColumn('did', id(didLength), (c) => c.notNull())
      .addColumn('platform', id(16))
      .addColumn('name', text(200))
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('last_seen', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('devices_key', ['uid', 'did'])
      .execute();
    await sql`insert into devices (uid, did, platform, name, created_at, last_seen)
      select uid, did, platform, name, created_at, last_seen from devices_before`.execute(db);
    await schema.dropTable('devices_before').execute();
    await schema
      .createTable('absences')
      .addColumn('uid', id(64), (c) => c.primaryKey().notNull())
      .addColumn('status', text(2000))
      .addColumn('status_at', 'bigint', (c) => c.notNull().defaultTo(0))
      .addColumn('hidden_at', 'bigint', (c) => c.notNull().defaultTo(0))
      .execute();
  },
});
