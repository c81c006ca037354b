import type { Migration } from 'kysely';
import type { SqlFlavor } from '../dialect.ts';

export const conversations = ({ types: { id, longText } }: SqlFlavor): Migration => ({
  async up(db) {
    await db.schema
      .createTable('conversation_settings')
      .addColumn('uid', id(64), (c) => c.notNull())
      .addColumn('conv', id(131), (c) => c.notNull())
      .addColumn('pinned_at', 'bigint', (c) => c.notNull().defaultTo(0))
      .addColumn('muted_until', 'bigint', (c) => c.notNull().defaultTo(0))
      .addColumn('hidden_n', 'bigint')
      .addColumn('draft', longText)
      .addColumn('draft_at', 'bigint', (c) => c.notNull().defaultTo(0))
      .addColumn('marked_unread', 'integer', (c) => c.notNull().defaultTo(0))
      .addColumn('cleared_seq', 'bigint', (c) => c.notNull().defaultTo(0))
      .addColumn('cleared_n', 'bigint', (c) => c.notNull().defaultTo(0))
      .addPrimaryKeyConstraint('conversation_settings_key', ['uid', 'conv'])
      .execute();
  },
});
