import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Redis } from 'ioredis';
import { binary } from './binary.ts';
import { freePort, type RunningProcess, startListening } from './process.ts';

/** A Redis server, or one that speaks its protocol. */
export interface RedisServer {
  /** Makes an empty database that nobody else uses; answers its URL. */
  newDatabase(): Promise<string>;
  stop(): Promise<void>;
}

/** A Redis server started here, which a test may stop, kill and freeze. */
export interface OwnRedisServer extends RedisServer {
  readonly port: number;
  /** Of the process that runs now. */
  readonly pid: number;
  /** Ends the process, its files stay: by SIGKILL at once, else as it ends itself. */
  down(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Starts it again after `down`, on the same port with the same files. */
  up(): Promise<void>;
  /** It answers nobody and closes no connection until `thaw`. */
  freeze(): void;
  thaw(): void;
}

const databases = 512;
/** A database of a server that others use is ours for so long. */
const claimSeconds = 600;

/** Finds or installs the server. Rejects with NotAvailable. */
export async function findRedis(): Promise<void> {
  if (process.env.TEST_REDIS_URL) return;
  await findOwnRedis();
}

/** Finds or installs the program of `startOwnRedis`. Rejects with NotAvailable. */
export async function findOwnRedis(): Promise<void> {
  await binary('redis-server', 'redis-server');
}

/** The server TEST_REDIS_URL names (redis://user:password@host:port), or one of our own. Rejects with NotAvailable. */
export async function startRedis(): Promise<RedisServer> {
  const url = process.env.TEST_REDIS_URL;
  if (url) return { newDatabase: () => claimDatabase(url), stop: () => Promise.resolve() };
  return startOwnRedis();
}

/**
 * A server of our own that writes down everything it is told before it answers: on a free port, its files in a folder
 * that `stop` removes. `settings` are more of its arguments. Rejects with NotAvailable.
 */
export async function startOwnRedis(settings: readonly string[] = []): Promise<OwnRedisServer> {
  const program = await binary('redis-server', 'redis-server');
  const folder = mkdtempSync(join(tmpdir(), 'petrel-redis-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const port = await freePort();
  const args = [
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--databases', String(databases)],
    ...['--appendonly', 'yes', '--appendfsync', 'always', '--save', '', ...settings],
  ];
  const start = () => startListening(program, args, port);
  let running: RunningProcess;
  try {
    running = await start();
  } catch (error) {
    remove();
    throw error;
  }
  let given = 0;
  const end = (signal: 'SIGTERM' | 'SIGKILL') => {
    // What is frozen hears no SIGTERM.
    if (signal === 'SIGTERM') thaw();
    else send(running.pid, signal);
    return running.stop();
  };
  const thaw = () => send(running.pid, 'SIGCONT');
  return {
    port,
    get pid() {
      return running.pid;
    },
    newDatabase: async () => `redis://127.0.0.1:${port}/${given++}`,
    down: (signal = 'SIGTERM') => end(signal),
    async up() {
      running = await start();
    },
    freeze: () => send(running.pid, 'SIGSTOP'),
    thaw,
    stop: () => end('SIGTERM').finally(remove),
  };
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}

/** Of a server that other test files use at the same time: the first database that none of them has. */
async function claimDatabase(server: string): Promise<string> {
  const redis = new Redis(server, { db: 0, maxRetriesPerRequest: 1 });
  try {
    for (let db = 1; ; db++) {
      await redis.select(0);
      if ((await redis.set(`petrel-test:${db}`, 'taken', 'EX', claimSeconds, 'NX')) === null) continue;
      await redis.select(db);
      await redis.flushdb();
      return new URL(`/${db}`, server).toString();
    }
  } finally {
    redis.disconnect();
  }
}
