import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { binary } from './binary.ts';
import { freePort, startListening } from './process.ts';

const execute = promisify(execFile);

/** A MariaDB or MySQL server with an account that may make databases. */
export interface MariaDb {
  /** Absent where it was not started here. */
  readonly pid?: number;
  /** Makes an empty database; answers its URL. */
  createDatabase(): Promise<string>;
  stop(): Promise<void>;
}

/** Finds or installs the server. Rejects with NotAvailable. */
export async function findMariaDb(): Promise<void> {
  if (process.env.TEST_MYSQL_URL) return;
  await binary('mariadbd', 'mariadb-server');
}

/**
 * The server TEST_MYSQL_URL names (mysql://user:password@host:port), or one of our own: on a free port, its files in a
 * folder that `stop` removes. Rejects with NotAvailable.
 */
export async function startMariaDb(): Promise<MariaDb> {
  const url = process.env.TEST_MYSQL_URL;
  if (url) return { createDatabase: () => createDatabase(url), stop: () => Promise.resolve() };
  const folder = mkdtempSync(join(tmpdir(), 'petrel-mariadb-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const port = await freePort();
    const { path, args } = await mariaDbProgram(folder, port);
    // Made for a test, gone after it: its tables are never read again after a crash of the machine.
    const quick = [
      '--innodb-flush-log-at-trx-commit=0',
      '--innodb-doublewrite=0',
      '--innodb-file-per-table=0',
    ];
    const running = await startListening(path, [...args, ...quick], port);
    return {
      pid: running.pid,
      createDatabase: () => createDatabase(`mysql://root@127.0.0.1:${port}`),
      stop: () => running.stop().finally(remove),
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Makes the files of a new server in the folder; answers how to start it. Rejects with NotAvailable. */
export async function mariaDbProgram(
  folder: string,
  port: number,
): Promise<{ readonly path: string; readonly args: readonly string[] }> {
  const path = await binary('mariadbd', 'mariadb-server');
  const installer = await binary('mariadb-install-db', 'mariadb-server');
  const data = join(folder, 'data');
  const user = process.getuid?.() === 0 ? ['--user=root'] : [];
  await execute(installer, [
    '--no-defaults',
    `--datadir=${data}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    ...user,
  ]);
  const args = [
    '--no-defaults',
    `--datadir=${data}`,
    // A server that starts removes the temporary tables it finds there, those of others too.
    `--tmpdir=${folder}`,
    `--socket=${join(folder, 'socket')}`,
    `--pid-file=${join(folder, 'pid')}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    '--skip-name-resolve',
    '--innodb-buffer-pool-size=64M',
    ...user,
  ];
  return { path, args };
}

/** Makes an empty database on the server at this URL; answers its URL. */
export async function createDatabase(server: string): Promise<string> {
  const name = `petrel_${randomBytes(6).toString('hex')}`;
  const connection = await createConnection({ uri: server });
  try {
    await connection.query(`create database ${name}`);
  } finally {
    await connection.end();
  }
  return new URL(`/${name}`, server).toString();
}
