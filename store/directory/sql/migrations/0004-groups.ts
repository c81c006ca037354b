import type { Migration } from 'kysely';
import type { SqlFlavor } from '../dialect.ts';

export const groups = ({ types: { id, longText } }: SqlFlavor): Migration => ({
  async up({ schema }) {
    await schema
      .createTable('join_requests')
      .addColumn('gid', id(64), (c) => c.notNull())
      .addColumn('uid', id(64), (c) => c.notNull())
      .addColumn('asked_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('join_requests_key', ['gid', 'uid'])
      .execute();
    await schema
      .createIndex('join_requests_order')
      .on('join_requests')
      .columns(['gid', 'asked_at', 'uid'])
      .execute();
    await schema.createIndex('join_requests_user').on('join_requests').column('uid').execute();
    await schema
      .createTable('invites')
      .addColumn('code', id(32), (c) => c.primaryKey().notNull())
      .addColumn('gid', id(64), (c) => c.notNull())
      .addColumn('creator', id(64), (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('expires_at', 'bigint', (c) => c.notNull())
      .addColumn('uids', longText)
      .execute();
    await schema.createIndex('invites_group').on('invites').columns(['gid', 'created_at', 'code']).execute();
    // Owner and admins, and who came first, of a group of any size.
    await schema
      .createIndex('members_role')
      .on('members')
      .columns(['gid', 'role', 'joined_at', 'uid'])
      .execute();
  },
});
