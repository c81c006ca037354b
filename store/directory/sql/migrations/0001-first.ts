import type { Migration } from 'kysely';
import type { SqlFlavor } from '../dialect.ts';

export const first = ({ types: { id, text, longText } }: SqlFlavor): Migration => ({
  async up(db) {
    const { schema } = db;
    await schema
      .createTable('users')
      .addColumn('uid', id(64), (c) => c.primaryKey().notNull())
      .addColumn('name', text(200))
      .addColumn('password_hash', id(100))
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('banned_until', 'bigint', (c) => c.notNull().defaultTo(0))
      .addColumn('origin', id(16), (c) => c.notNull())
      .execute();
    await schema.createIndex('users_banned').on('users').column('banned_until').execute();
    await schema
      .createTable('devices')
      .addColumn('uid', id(64), (c) => c.notNull())
      .addColumn('did', id(64), (c) => c.notNull())
      .addColumn('platform', id(16))
      .addColumn('name', text(200))
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('last_seen', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('devices_key', ['uid', 'did'])
      .execute();
    await schema
      .createTable('families')
      .addColumn('sid', id(32), (c) => c.primaryKey().notNull())
      .addColumn('uid', id(64), (c) => c.notNull())
      .addColumn('did', id(64), (c) => c.notNull())
      .addColumn('platform', id(16))
      .addColumn('token_hash', id(64), (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('expires_at', 'bigint', (c) => c.notNull())
      .addColumn('revoked_at', 'bigint', (c) => c.notNull().defaultTo(0))
      .execute();
    await schema.createIndex('families_user').on('families').columns(['uid', 'did']).execute();
    await schema.createIndex('families_revoked').on('families').column('revoked_at').execute();
    await schema.createIndex('families_expires').on('families').column('expires_at').execute();
    await schema
      .createTable('signing_keys')
      .addColumn('kid', id(64), (c) => c.primaryKey().notNull())
      .addColumn('private_jwk', longText, (c) => c.notNull())
      .addColumn('public_jwk', longText, (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('retired_at', 'bigint', (c) => c.notNull())
      .addColumn('lasts_until', 'bigint', (c) => c.notNull())
      .execute();
    await schema
      .createTable('friends')
      .addColumn('uid', id(64), (c) => c.notNull())
      .addColumn('friend', id(64), (c) => c.notNull())
      .addColumn('remark', text(200))
      .addColumn('since', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('friends_key', ['uid', 'friend'])
      .execute();
    await schema
      .createTable('blocks')
      .addColumn('uid', id(64), (c) => c.notNull())
      .addColumn('blocked', id(64), (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('blocks_key', ['uid', 'blocked'])
      .execute();
    await schema
      .createTable('chat_groups')
      .addColumn('gid', id(64), (c) => c.primaryKey().notNull())
      .addColumn('name', text(200), (c) => c.notNull())
      .addColumn('owner', id(64), (c) => c.notNull())
      .addColumn('avatar', text(1024))
      .addColumn('announcement', longText)
      .addColumn('join_policy', id(16), (c) => c.notNull())
      .addColumn('muted', 'integer', (c) => c.notNull())
      .addColumn('history', id(16), (c) => c.notNull())
      .addColumn('member_count', 'integer', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('dissolved_at', 'bigint', (c) => c.notNull().defaultTo(0))
      .addColumn('changes', 'bigint', (c) => c.notNull())
      .execute();
    await schema
      .createTable('members')
      .addColumn('gid', id(64), (c) => c.notNull())
      .addColumn('uid', id(64), (c) => c.notNull())
      .addColumn('role', id(16), (c) => c.notNull())
      .addColumn('nick', text(200))
      .addColumn('muted_until', 'bigint', (c) => c.notNull().defaultTo(0))
      .addColumn('joined_at', 'bigint', (c) => c.notNull())
      .addColumn('since', 'bigint', (c) => c.notNull())
      .addColumn('since_n', 'bigint', (c) => c.notNull())
      .addColumn('waits_for', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('members_key', ['gid', 'uid'])
      .execute();
    await schema.createIndex('members_user').on('members').columns(['uid', 'gid']).execute();
    await schema.createIndex('members_waiting').on('members').columns(['gid', 'waits_for']).execute();
    await schema
      .createTable('outbox')
      .addColumn('gid', id(64), (c) => c.notNull())
      .addColumn('change_no', 'bigint', (c) => c.notNull())
      .addColumn('id', id(64), (c) => c.notNull())
      .addColumn('sender', id(64), (c) => c.notNull())
      .addColumn('raw', longText, (c) => c.notNull())
      .addPrimaryKeyConstraint('outbox_key', ['gid', 'change_no'])
      .execute();
  },
});
