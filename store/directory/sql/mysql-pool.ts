import type { MysqlPool, MysqlPoolConnection } from 'kysely';
import { createPool, type Pool, type PoolConnection, type QueryError } from 'mysql2';

const connections = 10;
const connectTimeoutMs = 5000;
type Callback = Parameters<MysqlPoolConnection['query']>[2];

/**
 * A pool in the form Kysely wants whose statements end after a time: a server that is stuck does not say so, the statement
 * is given up, and its connection with it.
 */
export class TimedPool implements MysqlPool {
  readonly #pool: Pool;
  readonly #statementTimeoutMs: number;
  /** Kysely knows a connection again by its identity. */
  readonly #timed = new WeakMap<PoolConnection, MysqlPoolConnection>();

  constructor(url: string, statementTimeoutMs: number) {
    this.#statementTimeoutMs = statementTimeoutMs;
    this.#pool = createPool({
      uri: url,
      connectionLimit: connections,
      connectTimeout: connectTimeoutMs,
      charset: 'utf8mb4_bin',
      decimalNumbers: true,
    });
  }

  getConnection(callback: Parameters<MysqlPool['getConnection']>[0]): void {
    this.#pool.getConnection((error, connection) => {
      if (error) callback(error, undefined as unknown as MysqlPoolConnection);
      else callback(undefined, this.#timedForm(connection));
    });
  }

  end(callback: (error: unknown) => void): void {
    this.#pool.end(callback);
  }

  #timedForm(connection: PoolConnection): MysqlPoolConnection {
    const known = this.#timed.get(connection);
    if (known !== undefined) return known;
    // Without the streams that Kysely could ask for: nothing here does.
    const timed = {
      query: (sql: string, values: unknown[], callback: Callback) =>
        connection.query({ sql, values, timeout: this.#statementTimeoutMs }, (error, result) => {
          if (isLost(error)) connection.destroy();
          callback(error, result as unknown as Parameters<Callback>[1]);
        }),
      release: () => connection.release(),
    } as unknown as MysqlPoolConnection;
    this.#timed.set(connection, timed);
    return timed;
  }
}

const isLost = (error: QueryError | null): boolean =>
  error !== null && (error.fatal || error.code === 'PROTOCOL_SEQUENCE_TIMEOUT');
