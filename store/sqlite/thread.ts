import { parentPort, workerData } from 'node:worker_threads';
import { DatabaseSync, type StatementSyncInstance } from '@photostructure/sqlite';

/** A statement for the thread, or (without sql) the wish to end. */
export interface ThreadRequest {
  readonly id: number;
  readonly sql?: string;
  readonly parameters?: readonly (string | number | null | Uint8Array)[];
}

export interface ThreadAnswer {
  readonly id: number;
  readonly rows?: readonly unknown[];
  readonly changes?: number;
  readonly error?: { readonly message: string; readonly code?: number };
}

const maxStatements = 500;
/** Statements with long lists are as many as there are lengths, and large: they are prepared anew each time. */
const maxKeptLength = 4000;

/** Runs one connection's statements in their order; started by SqliteThread with the path as worker data. */
function serve(port: NonNullable<typeof parentPort>, path: string): void {
  const database = new DatabaseSync(path, { timeout: 5000 });
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('PRAGMA synchronous = FULL');
  database.exec('PRAGMA foreign_keys = ON');
  const statements = new Map<string, StatementSyncInstance>();

  const prepare = (sql: string): StatementSyncInstance => {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = database.prepare(sql);
      if (sql.length > maxKeptLength) return statement;
      statements.set(sql, statement);
      if (statements.size > maxStatements) statements.delete(statements.keys().next().value!);
    }
    return statement;
  };

  port.on('message', ({ id, sql, parameters = [] }: ThreadRequest) => {
    if (sql === undefined) {
      database.close();
      port.postMessage({ id } satisfies ThreadAnswer);
      port.close();
      return;
    }
    try {
      const statement = prepare(sql);
      const answer: ThreadAnswer =
        statement.columns().length > 0
          ? { id, rows: statement.all(...parameters) }
          : { id, changes: Number(statement.run(...parameters).changes) };
      port.postMessage(answer);
    } catch (thrown) {
      const { message, errcode } = thrown as Error & { errcode?: number };
      port.postMessage({
        id,
        error: { message, ...(errcode !== undefined && { code: errcode }) },
      } satisfies ThreadAnswer);
    }
  });
}

if (parentPort) serve(parentPort, (workerData as { path: string }).path);
