import { type Kysely, sql } from 'kysely';
import { chunked } from '../../chunks.ts';
import type { DirectoryTransfer, TableRow } from '../../transfer.ts';
import type { Database, SqlFlavor } from './dialect.ts';
import type { DirectoryTables } from './schema.ts';
import { inTransaction } from './transaction.ts';

type Keys = { readonly [Table in keyof DirectoryTables]: readonly (keyof DirectoryTables[Table] & string)[] };

/** The primary key of every table. */
const keys: Keys = {
  users: ['uid'],
  user_words: ['uid', 'word'],
  removals: ['uid'],
  removal_traces: ['uid', 'conv'],
  devices: ['uid', 'did'],
  absences: ['uid'],
  families: ['sid'],
  signing_keys: ['kid'],
  friends: ['uid', 'friend'],
  blocks: ['uid', 'blocked'],
  friend_requests: ['from_uid', 'to_uid'],
  chat_groups: ['gid'],
  members: ['gid', 'uid'],
  join_requests: ['gid', 'uid'],
  invites: ['code'],
  outbox: ['gid', 'change_no'],
  mentions: ['conv', 'uid', 'n'],
  pins: ['conv', 'seq'],
  audit: ['id'],
  broadcasts: ['id'],
  broadcast_pages: ['id', 'page'],
  conversation_settings: ['uid', 'conv'],
};

type AnyDatabase = Kysely<Record<string, TableRow>>;

/** The directory's tables as what they are, rows, without a thought of what they mean. */
export function sqlTransfer(database: Database, flavor: SqlFlavor): DirectoryTransfer {
  const db = database as unknown as AnyDatabase;
  const keyOf = (table: string): readonly string[] => {
    const key = (keys as Readonly<Record<string, readonly string[]>>)[table];
    if (key === undefined) throw new RangeError(`there is no table ${table}`);
    return key;
  };

  return {
    tables: keys,

    async tablesVersion() {
      const { rows } = await sql<{ name: string }>`select max(name) as name from petrel_migrations`.execute(
        db,
      );
      return rows[0]!.name;
    },

    async rowsOf(table, after, limit) {
      const key = keyOf(table);
      let query = db.selectFrom(table).selectAll().limit(limit);
      for (const column of key) query = query.orderBy(column);
      if (after !== undefined)
        query = query.where(({ and, or, eb }) =>
          or(
            key.map((column, i) =>
              and([
                ...key.slice(0, i).map((earlier) => eb(earlier, '=', after[earlier]!)),
                eb(column, '>', after[column]!),
              ]),
            ),
          ),
        );
      return query.execute();
    },

    async loadRows(table, rows) {
      keyOf(table);
      if (rows.length === 0) return;
      const columns = Object.keys(rows[0]!).length;
      await inTransaction(database, flavor, async (transaction) => {
        const tx = transaction as unknown as AnyDatabase;
        for (const chunk of chunked(rows, Math.floor(flavor.maxParameters / columns))) {
          try {
            await tx.insertInto(table).values(chunk).execute();
          } catch (error) {
            if (!flavor.isDuplicate(error)) throw error;
            for (const row of chunk) await insertNew(tx, flavor, table, row);
          }
        }
      });
    },
  };
}

async function insertNew(
  tx: AnyDatabase,
  { isDuplicate }: SqlFlavor,
  table: string,
  row: TableRow,
): Promise<void> {
  try {
    await tx.insertInto(table).values(row).execute();
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
}
