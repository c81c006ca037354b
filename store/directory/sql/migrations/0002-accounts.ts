import type { Migration } from 'kysely';
import type { Database, SqlFlavor } from '../dialect.ts';
import { insertWords } from '../words-table.ts';

const usersAtOnce = 1000;

/** The words of users who were there before. */
async function fillWords(db: Database, flavor: SqlFlavor): Promise<void> {
  for (let after = ''; ; ) {
    const users = await db
      .selectFrom('users')
      .select(['uid', 'name'])
      .where('uid', '>', after)
      .orderBy('uid')
      .limit(usersAtOnce)
      .execute();
    await insertWords(
      db,
      flavor,
      users.map((user) => ({ ...user, discoverable: true })),
    );
    if (users.length < usersAtOnce) return;
    after = users.at(-1)!.uid;
  }
}

export const accounts = (flavor: SqlFlavor): Migration => ({
  async up(db) {
    const { schema } = db;
    const { id, text } = flavor.types;
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
    await schema
      .createTable('removals')
      .addColumn('uid', id(64), (c) => c.primaryKey().notNull())
      .addColumn('id', id(32), (c) => c.notNull())
      .addColumn('actor', id(64), (c) => c.notNull())
      .addColumn('removed_at', 'bigint', (c) => c.notNull())
      .addColumn('finished_at', 'bigint', (c) => c.notNull().defaultTo(0))
      .execute();
    await schema.createIndex('removals_since').on('removals').column('removed_at').execute();
    await schema
      .createIndex('removals_open')
      .on('removals')
      .columns(['finished_at', 'removed_at', 'uid'])
      .execute();
    await schema
      .createTable('removal_traces')
      .addColumn('uid', id(64), (c) => c.notNull())
      .addColumn('conv', id(131), (c) => c.notNull())
      .addColumn('seq', 'bigint', (c) => c.notNull())
      .addColumn('told', 'integer', (c) => c.notNull())
      .addPrimaryKeyConstraint('removal_traces_key', ['uid', 'conv'])
      .execute();
    await fillWords(db as Database, flavor);
  },
});
