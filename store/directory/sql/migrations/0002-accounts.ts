import type { Migration } from 'kysely';
import type { SqlFlavor } from '../dialect.ts';

export const accounts = ({ types: { id, text } }: SqlFlavor): Migration => ({
  async up(db) {
    const { schema } = db;
    await schema.alterTable('users').addColumn('avatar', text(1024)).execute();
    await schema.alterTable('users').addColumn('bio', text(1000)).execute();
    for (const [flag, byDefault] of [
      ['discoverable', 1],
      ['read_receipts', 1],
      ['invisible', 0],
    ] as const)
      await schema
        .alterTable('users')
        .addColumn(flag, 'integer', (c) => c.notNull().defaultTo(byDefault))
        .execute();
    await schema
      .alterTable('users')
      .addColumn('removed_at', 'bigint', (c) => c.notNull().defaultTo(0))
      .execute();
    await schema.createIndex('users_removed').on('users').column('removed_at').execute();
    await schema
      .createTable('user_words')
      .addColumn('uid', id(64), (c) => c.notNull())
      .addColumn('word', text(64), (c) => c.notNull())
      .addColumn('discoverable', 'integer', (c) => c.notNull())
      .addPrimaryKeyConstraint('user_words_key', ['uid', 'word'])
      .execute();
    await schema
      .createIndex('user_words_found')
      .on('user_words')
      .columns(['discoverable', 'word', 'uid'])
      .execute();
  },
});
