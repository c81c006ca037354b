import type { Migration } from 'kysely';
import type { SqlFlavor } from '../dialect.ts';

export const operators = ({ types: { id, text, longText } }: SqlFlavor): Migration => ({
  async up(db) {
    const { schema } = db;
    await schema.alterTable('users').addColumn('ban_reason', text(500)).execute();
    await schema
      .createTable('audit')
      .addColumn('id', id(40), (c) => c.primaryKey().notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('actor', id(64), (c) => c.notNull())
      .addColumn('action', id(64), (c) => c.notNull())
      .addColumn('target', id(64))
      .addColumn('detail', longText, (c) => c.notNull())
      .addColumn('address', text(64), (c) => c.notNull())
      .addColumn('outcome', id(64), (c) => c.notNull())
      .execute();
    for (const column of ['action', 'target', 'actor'])
      await schema.createIndex(`audit_${column}`).on('audit').columns([column, 'id']).execute();
    await schema
      .createTable('broadcasts')
      .addColumn('id', id(64), (c) => c.primaryKey().notNull())
      .addColumn('message_id', id(64), (c) => c.notNull())
      .addColumn('sender', id(64), (c) => c.notNull())
      .addColumn('payload', longText, (c) => c.notNull())
      .addColumn('kind', id(16), (c) => c.notNull())
      .addColumn('state', id(16), (c) => c.notNull())
      .addColumn('total', 'bigint', (c) => c.notNull())
      .addColumn('sent', 'bigint', (c) => c.notNull().defaultTo(0))
      .addColumn('failed', 'bigint', (c) => c.notNull().defaultTo(0))
      .addColumn('position', id(64), (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('finished_at', 'bigint', (c) => c.notNull().defaultTo(0))
      .addColumn('lease_owner', id(64))
      .addColumn('lease_until', 'bigint', (c) => c.notNull().defaultTo(0))
      .execute();
    await schema.createIndex('broadcasts_due').on('broadcasts').columns(['state', 'lease_until']).execute();
    await schema.createIndex('broadcasts_newest').on('broadcasts').columns(['created_at', 'id']).execute();
    await schema
      .createTable('broadcast_pages')
      .addColumn('id', id(64), (c) => c.notNull())
      .addColumn('page', 'integer', (c) => c.notNull())
      .addColumn('targets', longText, (c) => c.notNull())
      .addPrimaryKeyConstraint('broadcast_pages_key', ['id', 'page'])
      .execute();
  },
});
