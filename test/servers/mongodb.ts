import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { onPath } from './binary.ts';
import { NotAvailable } from './not-available.ts';
import { freePort, type RunningProcess, startListening } from './process.ts';

const execute = promisify(execFile);
const buildTimeoutMs = 600_000;
const ferretDb = 'github.com/FerretDB/FerretDB';

/** A server that speaks MongoDB's protocol. */
export interface MongoServer {
  /** Absent where it was not started here. */
  readonly pid?: number;
  /** The URL of a database nobody used before. */
  newDatabase(): string;
  stop(): Promise<void>;
}

/** How to start a server: MongoDB itself where it is on the PATH, else FerretDB. */
export interface MongoProgram {
  readonly path: string;
  readonly args: (folder: string, port: number) => readonly string[];
}

/** Finds MongoDB, or builds FerretDB, once. Rejects with NotAvailable. */
export async function findMongo(): Promise<void> {
  if (!process.env.TEST_MONGODB_URL) await mongoProgram();
}

/**
 * The server TEST_MONGODB_URL names, or one of our own: `mongod` of the PATH, or else FerretDB, built from the Go module
 * beside this file and kept in the user's cache. On a free port, its files in a folder that `stop` removes.
 */
export async function startMongo(): Promise<MongoServer> {
  const url = process.env.TEST_MONGODB_URL;
  if (url) return { newDatabase: () => newDatabase(url), stop: () => Promise.resolve() };
  const { path, args } = await mongoProgram();
  const folder = mkdtempSync(join(tmpdir(), 'petrel-mongo-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const port = await freePort();
    const running: RunningProcess = await startListening(path, args(folder, port), port);
    return {
      pid: running.pid,
      newDatabase: () => newDatabase(`mongodb://127.0.0.1:${port}`),
      stop: () => running.stop().finally(remove),
    };
  } catch (error) {
    remove();
    throw error;
  }
}

function newDatabase(server: string): string {
  const url = new URL(server);
  url.pathname = `/petrel_${randomBytes(6).toString('hex')}`;
  return url.toString();
}

/** MongoDB of the PATH, or else FerretDB. Rejects with NotAvailable. */
export async function mongoProgram(): Promise<MongoProgram> {
  const mongod = onPath('mongod');
  if (mongod !== undefined)
    return {
      path: mongod,
      args: (folder, port) => ['--dbpath', folder, '--port', String(port), '--bind_ip', '127.0.0.1'],
    };
  return {
    path: await ferretDbBinary(),
    args: (folder, port) => [
      '--handler=sqlite',
      `--sqlite-url=file:${folder}/`,
      `--state-dir=${folder}`,
      `--listen-addr=127.0.0.1:${port}`,
      '--debug-addr=-',
      '--telemetry=disable',
      '--log-level=ERROR',
    ],
  };
}

/** The path of FerretDB; the first call on a machine builds it, which takes a minute or two. */
async function ferretDbBinary(): Promise<string> {
  const go = onPath('go');
  if (go === undefined) throw new NotAvailable('install mongod, or Go to build FerretDB, to run them');
  const source = fileURLToPath(new URL('../../../test/servers/ferretdb/', import.meta.url));
  const sums = readFileSync(join(source, 'go.sum'));
  const version = /FerretDB (v[\d.]+)$/m.exec(readFileSync(join(source, 'go.mod'), 'utf8'))![1]!;
  const name = `ferretdb-${version}-${createHash('sha256').update(sums).digest('hex').slice(0, 12)}`;
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'petrel-tests');
  const binary = join(cache, name);
  if (existsSync(binary)) return binary;
  mkdirSync(cache, { recursive: true });
  process.stderr.write(`Building FerretDB ${version} for the tests, once on this machine…\n`);
  // Of two that build at once each has its own folder, and the last one to finish wins.
  const folder = mkdtempSync(join(cache, 'build-'));
  const options = {
    cwd: folder,
    timeout: buildTimeoutMs,
    env: { ...process.env, GOFLAGS: '', CGO_ENABLED: '0' },
  };
  try {
    cpSync(source, folder, { recursive: true });
    await execute(go, ['mod', 'vendor'], options);
    // It does not run without the version that its own release build writes there.
    writeFileSync(join(folder, 'vendor', ferretDb, 'build/version/version.txt'), `${version}\n`);
    await execute(
      go,
      ['build', '-mod=vendor', '-trimpath', '-o', 'ferretdb', `${ferretDb}/cmd/ferretdb`],
      options,
    );
    renameSync(join(folder, 'ferretdb'), binary);
  } catch (error) {
    throw new NotAvailable('FerretDB could not be built', { cause: error });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return binary;
}
