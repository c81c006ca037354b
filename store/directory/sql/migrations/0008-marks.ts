import type { Migration } from 'kysely';
import type { SqlFlavor } from '../dialect.ts';

export const marks = ({ types: { id } }: SqlFlavor): Migration => ({
  async up(db) {
    const { schema } = db;
    await schema
      .createTable('mentions')
      .addColumn('conv', id(131), (c) => c.notNull())
      .addColumn('uid', id(64), (c) => c.notNull())
      .addColumn('n', 'bigint', (c) => c.notNull())
      .addColumn('seq', 'bigint', (c) => c.notNull())
      .addColumn('sender', id(64), (c) => c.notNull())
      .addPrimaryKeyConstraint('mentions_key', ['conv', 'uid', 'n'])
      .execute();
    await schema.createIndex('mentions_place').on('mentions').columns(['conv', 'seq']).execute();
    await schema
      .createTable('pins')
      .addColumn('conv', id(131), (c) => c.notNull())
      .addColumn('seq', 'bigint', (c) => c.notNull())
      .addColumn('change_seq', 'bigint', (c) => c.notNull())
      .addColumn('pinned_by', id(64), (c) => c.notNull())
      .addColumn('pinned_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('pins_key', ['conv', 'seq'])
      .execute();
    await schema.createIndex('pins_order').on('pins').columns(['conv', 'change_seq']).execute();
  },
});
