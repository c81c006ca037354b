import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PetrelError } from '../../schemas/errors.ts';
import type { ConvId } from '../../schemas/event.ts';
import { lockFile } from '../lock.ts';
import type { SessionStore, StoredSession, StoredSubscription } from '../sessions.ts';
import { SqliteConnection } from '../sqlite/connection.ts';

const neverExpires = 0xffff_ffff;

const schema = `create table if not exists sessions (
  uid text, client_id text, created_at integer not null, expiry_seconds integer not null, disconnected_at integer,
  expires_at integer, positions text not null, subscriptions text not null, silenced text not null,
  received text not null, did text,
  primary key (uid, client_id)) without rowid`;
const index = `create index if not exists sessions_by_expiry on sessions (expires_at) where expires_at is not null`;

/** Stores of versions before it have no such column. */
const addDid = `alter table sessions add column did text`;

/** Sessions that are read at once; each may have a position in thousands of conversations. */
const pageRows = 100;

const sql = {
  columns: `select name from pragma_table_info('sessions')`,
  get: `select * from sessions where uid = ? and client_id = ? and coalesce(expires_at, ?3) >= ?3`,
  page: `select * from sessions where (uid, client_id) > (?, ?) and coalesce(expires_at, ?3) >= ?3
    order by uid, client_id limit ${pageRows}`,
  put: `insert or replace into sessions values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  // RFC 7396: members of the patch replace those of the target.
  progress: `update sessions set positions = json_patch(positions, ?3) where uid = ?1 and client_id = ?2`,
  subscribers: `select uid, client_id as clientId, subscriptions from sessions
    where subscriptions <> '[]' and coalesce(expires_at, ?1) >= ?1`,
  sessionsOf: `select uid, client_id as clientId, did from sessions where uid = ?1 and coalesce(expires_at, ?2) >= ?2`,
  // The server died with these connections.
  disconnect: `update sessions set disconnected_at = ?1,
    expires_at = iif(expiry_seconds = ${neverExpires}, null, ?1 + expiry_seconds * 1000) where disconnected_at is null`,
  remove: `delete from sessions where uid = ? and client_id = ?`,
  expire: `delete from sessions where (uid, client_id) in
    (select uid, client_id from sessions where expires_at is not null and expires_at <= ? order by expires_at limit ?)
    returning uid, client_id as clientId`,
};

interface Row {
  readonly uid: string;
  readonly client_id: string;
  readonly created_at: number;
  readonly expiry_seconds: number;
  readonly disconnected_at: number | null;
  readonly positions: string;
  readonly subscriptions: string;
  readonly silenced: string;
  readonly received: string;
  readonly did: string | null;
}

const sessionOf = (row: Row): StoredSession => ({
  uid: row.uid,
  clientId: row.client_id,
  ...(row.did !== null && { did: row.did }),
  createdAt: row.created_at,
  expirySeconds: row.expiry_seconds,
  ...(row.disconnected_at !== null && { disconnectedAt: row.disconnected_at }),
  positions: JSON.parse(row.positions),
  subscriptions: JSON.parse(row.subscriptions),
  silenced: JSON.parse(row.silenced),
  ...(row.received !== '[]' && { received: JSON.parse(row.received) }),
});

interface Write {
  readonly statements: readonly (readonly [sql: string, parameters: readonly unknown[]])[];
  readonly resolve: (rows: readonly unknown[]) => void;
  readonly reject: (reason: unknown) => void;
}

export interface SqliteSessionsOptions {
  /** The folder of `sessions.db`; made where it is missing. */
  readonly dir: string;
  readonly now?: () => number;
}

/** The embedded session store. Throws StoreLocked where another process has it. */
export async function openSqliteSessions({
  dir,
  now = Date.now,
}: SqliteSessionsOptions): Promise<SessionStore> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const unlock = lockFile(join(dir, 'sessions.lock'));
  let connection: SqliteConnection | undefined;
  try {
    connection = await SqliteConnection.open(join(dir, 'sessions.db'));
    await connection.run(schema);
    await connection.run(index);
    const { rows } = await connection.run(sql.columns);
    if (!(rows as { name: string }[]).some(({ name }) => name === 'did')) await connection.run(addDid);
    await connection.run(sql.disconnect, [now()]);
    return new SqliteSessions(connection, unlock, now);
  } catch (error) {
    await connection?.close();
    unlock();
    throw error;
  }
}

class SqliteSessions implements SessionStore {
  readonly #connection: SqliteConnection;
  readonly #unlock: () => void;
  readonly #now: () => number;
  /** What arrives while a transaction runs is the next one. */
  #writes: Write[] = [];
  #writing: Promise<void> | undefined;

  constructor(connection: SqliteConnection, unlock: () => void, now: () => number) {
    this.#connection = connection;
    this.#unlock = unlock;
    this.#now = now;
  }

  async get(uid: string, clientId: string): Promise<StoredSession | undefined> {
    // What was asked to be written before is to be seen.
    if (this.#writes.length > 0) await this.#writing;
    const { rows } = await this.#run(sql.get, [uid, clientId, this.#now()]);
    const row = rows[0] as Row | undefined;
    return row && sessionOf(row);
  }

  async *all(): AsyncGenerator<StoredSession> {
    if (this.#writes.length > 0) await this.#writing;
    for (let after = ['', '']; ; ) {
      const { rows } = await this.#run(sql.page, [...after, this.#now()]);
      for (const row of rows as Row[]) yield sessionOf(row);
      const last = rows.at(-1) as Row | undefined;
      if (last === undefined) return;
      after = [last.uid, last.client_id];
    }
  }

  async put(session: StoredSession): Promise<void> {
    const { uid, clientId, createdAt, expirySeconds, disconnectedAt } = session;
    const expiresAt =
      disconnectedAt === undefined || expirySeconds === neverExpires
        ? null
        : disconnectedAt + expirySeconds * 1000;
    await this.#write([
      [
        sql.put,
        [
          ...[uid, clientId, createdAt, expirySeconds, disconnectedAt ?? null, expiresAt],
          ...[session.positions, session.subscriptions, session.silenced, session.received ?? []].map(
            (value) => JSON.stringify(value),
          ),
          session.did ?? null,
        ],
      ],
    ]);
  }

  async progress(
    updates: readonly { uid: string; clientId: string; positions: Record<ConvId, number> }[],
  ): Promise<void> {
    if (updates.length === 0) return;
    await this.#write(
      updates.map(
        ({ uid, clientId, positions }) => [sql.progress, [uid, clientId, JSON.stringify(positions)]] as const,
      ),
    );
  }

  async remove(uid: string, clientId: string): Promise<void> {
    await this.#write([[sql.remove, [uid, clientId]]]);
  }

  async subscribers(): Promise<Pick<StoredSession, 'uid' | 'clientId' | 'subscriptions'>[]> {
    const { rows } = await this.#run(sql.subscribers, [this.#now()]);
    return (rows as { uid: string; clientId: string; subscriptions: string }[]).map((row) => ({
      ...row,
      subscriptions: JSON.parse(row.subscriptions) as StoredSubscription[],
    }));
  }

  async sessionsOf(uid: string): Promise<Pick<StoredSession, 'uid' | 'clientId' | 'did'>[]> {
    // What was asked to be written before is to be seen.
    if (this.#writes.length > 0) await this.#writing;
    const { rows } = await this.#run(sql.sessionsOf, [uid, this.#now()]);
    return (rows as { uid: string; clientId: string; did: string | null }[]).map(({ did, ...row }) => ({
      ...row,
      ...(did !== null && { did }),
    }));
  }

  async expire(now: number, limit: number): Promise<{ uid: string; clientId: string }[]> {
    const rows = (await this.#write([[sql.expire, [now, limit]]])) as { uid: string; clientId: string }[];
    return rows.map(({ uid, clientId }) => ({ uid, clientId }));
  }

  async check(): Promise<void> {
    await this.#write([]);
  }

  async close(): Promise<void> {
    while (this.#writing) await this.#writing;
    await this.#connection.close();
    this.#unlock();
  }

  #write(statements: Write['statements']): Promise<readonly unknown[]> {
    return new Promise((resolve, reject) => {
      this.#writes.push({ statements, resolve, reject });
      this.#writing ??= this.#drain();
    });
  }

  async #drain(): Promise<void> {
    // The callers of this turn share one transaction.
    await Promise.resolve();
    while (this.#writes.length > 0) {
      const writes = this.#writes;
      this.#writes = [];
      await this.#transaction(writes);
    }
    this.#writing = undefined;
  }

  /** The statements are sent without waiting; a write is done when its own ones and the commit are. */
  async #transaction(writes: readonly Write[]): Promise<void> {
    const begun = this.#run('begin immediate');
    const results = writes.map(({ statements }) =>
      Promise.all(statements.map(([text, parameters]) => this.#run(text, parameters))),
    );
    const ended = Promise.all([begun, this.#run('commit')]);
    const outcomes = await Promise.allSettled(
      results.map(async (result) => {
        const answers = await result;
        await ended;
        return answers.at(-1)?.rows ?? [];
      }),
    );
    // A commit that failed leaves the transaction open.
    await ended.catch(() => this.#run('rollback').catch(() => undefined));
    outcomes.forEach((outcome, i) => {
      if (outcome.status === 'fulfilled') writes[i]!.resolve(outcome.value);
      else writes[i]!.reject(outcome.reason);
    });
  }

  /** Nothing the callers give can make a statement fail: any failure is the store's. */
  async #run(text: string, parameters: readonly unknown[] = []): Promise<{ rows: readonly unknown[] }> {
    try {
      return await this.#connection.run(text, parameters);
    } catch (error) {
      if (error instanceof PetrelError) throw error;
      throw new PetrelError('store.unavailable', undefined, { cause: error });
    }
  }
}
