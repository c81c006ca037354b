import type { Migration } from 'kysely';
import type { SqlFlavor } from '../dialect.ts';

export const friends = ({ types: { id, text } }: SqlFlavor): Migration => ({
  async up(db) {
    const { schema } = db;
    await schema
      .createTable('friend_requests')
      .addColumn('from_uid', id(64), (c) => c.notNull())
      .addColumn('to_uid', id(64), (c) => c.notNull())
      .addColumn('id', id(32), (c) => c.notNull())
      .addColumn('note', text(500))
      .addColumn('state', id(16), (c) => c.notNull())
      .addColumn('asked_at', 'bigint', (c) => c.notNull())
      .addColumn('decided_at', 'bigint', (c) => c.notNull().defaultTo(0))
      .addPrimaryKeyConstraint('friend_requests_key', ['from_uid', 'to_uid'])
      .execute();
    await schema.createIndex('friend_requests_id').unique().on('friend_requests').column('id').execute();
    await schema
      .createIndex('friend_requests_in')
      .on('friend_requests')
      .columns(['to_uid', 'asked_at', 'id'])
      .execute();
    await schema
      .createIndex('friend_requests_out')
      .on('friend_requests')
      .columns(['from_uid', 'asked_at', 'id'])
      .execute();
    await schema.createIndex('blocks_blocked').on('blocks').columns(['blocked', 'uid']).execute();
  },
});
