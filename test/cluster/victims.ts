import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createDatabase, mariaDbProgram } from '../servers/mariadb.ts';
import { mongoProgram } from '../servers/mongodb.ts';
import { freePort, type RunningProcess, startListening } from '../servers/process.ts';
import { startOwnRedis } from '../servers/redis.ts';

/** A process that a test may end, freeze and start again on the same data. */
export interface Victim {
  readonly name: string;
  /** Of the process that runs now. */
  readonly pid: number;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** Starts it again on the same data; resolves when it takes connections. */
  up(): Promise<void>;
}

/** A server of another project with data of its own. */
export interface ServerVictim extends Victim {
  readonly port: number;
  /** How a client reaches it by the port given. */
  url(port: number): string;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** A server whose data is on a disk that can be filled. */
export interface DiskVictim extends ServerVictim {
  /** Absent where this user may not make a disk of its own. */
  readonly disk: SmallDisk | undefined;
}

const page = Buffer.alloc(4096);

/** A folder on a disk of its own, as large as a test likes. */
export class SmallDisk {
  readonly #ballast: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#ballast = join(folder, 'ballast');
  }

  /** Undefined where this user may not mount one. */
  static at(folder: string, megabytes: number): SmallDisk | undefined {
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], {
        stdio: 'ignore',
      });
    } catch {
      return undefined;
    }
    const disk = new SmallDisk(folder);
    atExit.add(disk.unmount);
    return disk;
  }

  /** Leaves not a byte. */
  fill(): void {
    const file = openSync(this.#ballast, 'w');
    try {
      for (;;) writeSync(file, page);
    } catch {
      closeSync(file);
    }
  }

  /** Frees what `fill` took. */
  empty(): void {
    truncateSync(this.#ballast);
  }

  readonly unmount = (): void => {
    if (!atExit.delete(this.unmount)) return;
    execFileSync('umount', ['--lazy', this.#folder], { stdio: 'ignore' });
  };
}

/** What is undone at the end of this process, however it ends. */
const atExit = new Set<() => void>();
process.once('exit', () => {
  for (const step of [...atExit]) step();
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1));

/** Whatever becomes of the test, this process does not outlive it. */
export function dieWithUs(pidOf: () => number | undefined): () => void {
  const step = () => {
    const pid = pidOf();
    if (pid !== undefined) signal(pid, 'SIGKILL');
  };
  atExit.add(step);
  return () => atExit.delete(step);
}

/** False where the process is gone. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

export const freeze = ({ pid }: Victim): boolean => signal(pid, 'SIGSTOP');
export const thaw = ({ pid }: Victim): boolean => signal(pid, 'SIGCONT');

/** Redis that writes down what it is told before it answers. */
export async function redisVictim(settings: readonly string[] = []): Promise<ServerVictim> {
  const server = await startOwnRedis(settings);
  const forget = dieWithUs(() => server.pid);
  return {
    name: 'redis',
    port: server.port,
    get pid() {
      return server.pid;
    },
    url: (port) => `redis://127.0.0.1:${port}/0`,
    kill: () => server.down('SIGKILL'),
    up: () => server.up(),
    async stop() {
      signal(server.pid, 'SIGCONT');
      await server.stop();
      forget();
    },
  };
}

/** MariaDB as it comes: what it has committed survives its end. */
export async function mariaDbVictim(): Promise<ServerVictim> {
  const folder = mkdtempSync(join(tmpdir(), 'petrel-mariadb-'));
  const port = await freePort();
  const { path, args } = await mariaDbProgram(folder, port);
  const server = await OwnServer.start('mariadb', path, args, port, folder);
  const { pathname } = new URL(await createDatabase(`mysql://root@127.0.0.1:${port}`));
  return server.victim((at) => `mysql://root@127.0.0.1:${at}${pathname}`);
}

/** MongoDB, or what speaks its protocol; `diskMegabytes` puts its data on a disk of that size where that can be. */
export async function mongoVictim(diskMegabytes?: number): Promise<DiskVictim> {
  const { path, args } = await mongoProgram();
  const folder = mkdtempSync(join(tmpdir(), 'petrel-mongo-'));
  // MongoDB itself begins with a journal of 100 MB.
  const factor = path.endsWith('mongod') ? 8 : 1;
  const disk = diskMegabytes === undefined ? undefined : SmallDisk.at(folder, factor * diskMegabytes);
  const port = await freePort();
  const server = await OwnServer.start('mongodb', path, args(folder, port), port, folder);
  const victim = server.victim((at) => `mongodb://127.0.0.1:${at}/petrel`);
  return {
    ...victim,
    get pid() {
      return victim.pid;
    },
    disk,
    stop: async () => {
      await server.end();
      disk?.unmount();
      server.remove();
    },
  };
}

class OwnServer {
  readonly #name: string;
  readonly #port: number;
  readonly #folder: string;
  readonly #start: () => Promise<RunningProcess>;
  readonly #forget: () => void;
  #running: RunningProcess | undefined;

  private constructor(name: string, port: number, folder: string, start: () => Promise<RunningProcess>) {
    this.#name = name;
    this.#port = port;
    this.#folder = folder;
    this.#start = start;
    this.#forget = dieWithUs(() => this.#running?.pid);
  }

  static async start(
    name: string,
    path: string,
    args: readonly string[],
    port: number,
    folder: string,
  ): Promise<OwnServer> {
    const server = new OwnServer(name, port, folder, () => startListening(path, args, port));
    await server.up();
    return server;
  }

  async up(): Promise<void> {
    this.#running = await this.#start();
  }

  async kill(): Promise<void> {
    signal(this.#running!.pid, 'SIGKILL');
    await this.#running!.stop();
  }

  async end(): Promise<void> {
    signal(this.#running!.pid, 'SIGCONT');
    await this.#running!.stop();
    this.#forget();
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  victim(url: (port: number) => string): ServerVictim {
    const pid = () => this.#running!.pid;
    return {
      name: this.#name,
      port: this.#port,
      get pid() {
        return pid();
      },
      url,
      kill: () => this.kill(),
      up: () => this.up(),
      stop: async () => {
        await this.end();
        this.remove();
      },
    };
  }
}
