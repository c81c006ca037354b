import { CompiledQuery, Kysely, MysqlDialect, sql } from 'kysely';
import type { Directory } from '../../directory.ts';
import type { DirectoryTransfer } from '../../transfer.ts';
import type { SqlFlavor } from './dialect.ts';
import { openSqlDirectory } from './directory.ts';
import { TimedPool } from './mysql-pool.ts';
import type { DirectoryTables } from './schema.ts';

const statementTimeoutDefaultMs = 10_000;

/** A refusal of the server, or the loss of it, as mysql2 tells it. */
interface ServerError extends Error {
  readonly code?: string;
  /** The connection is gone with it. */
  readonly fatal?: boolean;
}

/** The server is there and cannot take it now: full, read-only, going down, too busy. */
const unavailableCodes: ReadonlySet<string> = new Set([
  'ER_CON_COUNT_ERROR',
  'ER_DISK_FULL',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_QUERY_INTERRUPTED',
  'ER_RECORD_FILE_FULL',
  'ER_SERVER_SHUTDOWN',
  'ER_TOO_MANY_USER_CONNECTIONS',
  'POOL_CLOSED',
]);

const codeOf = (error: unknown): string => (error as Partial<ServerError> | undefined)?.code ?? '';

const bytewise = (type: string, charset: 'ascii' | 'utf8mb4') =>
  sql`${sql.raw(type)} character set ${sql.raw(charset)} collate ${sql.raw(`${charset}_bin`)}`;

const mysql: SqlFlavor = {
  isDuplicate: (error) => codeOf(error) === 'ER_DUP_ENTRY',
  isDeadlock: (error) => codeOf(error) === 'ER_LOCK_DEADLOCK',
  isUnavailable: (error) =>
    unavailableCodes.has(codeOf(error)) ||
    /^E[A-Z]+$|^PROTOCOL_/.test(codeOf(error)) ||
    (error as Partial<ServerError> | undefined)?.fatal === true,
  locksRows: true,
  maxParameters: 10_000,
  types: {
    id: (length) => bytewise(`varchar(${length})`, 'ascii'),
    text: (length) => bytewise(`varchar(${length})`, 'utf8mb4'),
    longText: bytewise('longtext', 'utf8mb4'),
  },
};

export interface MysqlDirectoryOptions {
  /** `mysql://user:password@host:port/database`; the database exists. */
  readonly url: string;
  /** How long a statement may take before the server counts as away, ms. */
  readonly statementTimeoutMs?: number;
}

/** Opens a directory on MySQL 8 or MariaDB 10.6 or later. Rejects where the server cannot be had now. */
export async function openMysqlDirectory({
  url,
  statementTimeoutMs = statementTimeoutDefaultMs,
}: MysqlDirectoryOptions): Promise<Directory & DirectoryTransfer> {
  const dialect = new MysqlDialect({
    pool: async () => new TimedPool(url, statementTimeoutMs),
    async onCreateConnection(connection) {
      // Whatever the server's defaults are: no value is cut to fit, and a transaction sees what others have committed.
      await connection.executeQuery(
        CompiledQuery.raw("set session sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'"),
      );
      await connection.executeQuery(
        CompiledQuery.raw('set session transaction isolation level read committed'),
      );
    },
  });
  const db = new Kysely<DirectoryTables>({ dialect });
  try {
    return await openSqlDirectory(db, mysql);
  } catch (error) {
    await db.destroy();
    throw error;
  }
}
