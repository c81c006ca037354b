import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { SqliteConnection } from './connection.ts';

/**
 * A borrower of the one connection. Single statements go to the thread at once and run in order; a transaction waits for the
 * one before it, and the statements of all others wait for it.
 */
class Borrower implements DatabaseConnection {
  readonly #connection: SqliteConnection;
  readonly #turn: Turn;
  #leave: (() => void) | undefined;

  constructor(connection: SqliteConnection, turn: Turn) {
    this.#connection = connection;
    this.#turn = turn;
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    while (this.#leave === undefined && this.#turn.taken !== undefined) await this.#turn.taken;
    const { rows, changes } = await this.#connection.run(sql, parameters);
    return { rows: rows as Row[], numAffectedRows: BigInt(changes) };
  }

  async *streamQuery<Row>(query: CompiledQuery): AsyncIterableIterator<QueryResult<Row>> {
    yield await this.executeQuery<Row>(query);
  }

  async begin(): Promise<void> {
    while (this.#turn.taken !== undefined) await this.#turn.taken;
    this.#turn.taken = new Promise((resolve) => {
      this.#leave = () => {
        this.#turn.taken = undefined;
        this.#leave = undefined;
        resolve();
      };
    });
    try {
      await this.#connection.run('begin immediate');
    } catch (error) {
      this.end();
      throw error;
    }
  }

  end(): void {
    this.#leave?.();
  }
}

/** The transaction that has the connection, as a promise of its end. */
interface Turn {
  taken: Promise<void> | undefined;
}

class ThreadedDriver implements Driver {
  readonly #path: string;
  readonly #turn: Turn = { taken: undefined };
  #connection: SqliteConnection | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async init(): Promise<void> {
    this.#connection = await SqliteConnection.open(this.#path);
  }

  async acquireConnection(): Promise<Borrower> {
    return new Borrower(this.#connection!, this.#turn);
  }

  async releaseConnection(connection: Borrower): Promise<void> {
    connection.end();
  }

  beginTransaction(connection: Borrower): Promise<void> {
    return connection.begin();
  }

  async commitTransaction(connection: Borrower): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
    connection.end();
  }

  async rollbackTransaction(connection: Borrower): Promise<void> {
    // After a full disk SQLite has rolled back by itself, and a second rollback would hide the cause.
    await connection.executeQuery(CompiledQuery.raw('rollback')).catch(() => undefined);
    connection.end();
  }

  async destroy(): Promise<void> {
    await this.#connection?.close();
  }
}

/** SQLite's schema changes are transactional; a migration that a crash cuts short must leave nothing. */
class Adapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** Kysely over a SQLite file whose statements run in a thread of their own. */
export const sqliteDialect = (path: string): Dialect => ({
  createAdapter: () => new Adapter(),
  createDriver: () => new ThreadedDriver(path),
  createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
  createQueryCompiler: () => new SqliteQueryCompiler(),
});
