import { createHmac, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, type Server, spawnPinned, stopChild, waitForStart } from './server.ts';

export interface PetrelServer extends Server {
  readonly httpPort: number;
  /** An access token for the user, who exists from its first use on. */
  tokenOf(uid: string): string;
}

/** What outlives a process: the data, and the secret that its tokens are signed with. */
export interface PetrelHome {
  readonly dataDir: string;
  readonly secret: string;
}

export interface PetrelOptions {
  readonly core: number | undefined;
  /** Folder for CPU profiles, one a thread, written when the server stops. */
  readonly profileDir?: string | undefined;
  /** Kept after the stop; without it the data is temporary. */
  readonly home?: PetrelHome;
  /** `all` where absent. */
  readonly role?: 'all' | 'broker' | 'worker' | 'api';
  /** More of its configuration. */
  readonly env?: Readonly<Record<string, string>>;
}

const main = fileURLToPath(new URL('../../main.js', import.meta.url));
const tokenSeconds = 24 * 3600;

export const makeHome = async (): Promise<PetrelHome> => ({
  dataDir: await mkdtemp(join(tmpdir(), 'petrel-bench-')),
  secret: randomBytes(32).toString('hex'),
});

export const removeHome = (home: PetrelHome): Promise<void> =>
  rm(home.dataDir, { recursive: true, force: true });

/** A Petrel as `petrel start` makes it, without limits of rate: all roles in one process, data on disk. */
export async function startPetrel(options: PetrelOptions): Promise<PetrelServer> {
  const home = options.home ?? (await makeHome());
  const mqttPort = await freePort();
  const httpPort = await freePort();
  const profiling =
    options.profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profileDir}`];
  const command = [process.execPath, ...profiling, main, 'start', '--role', options.role ?? 'all'];
  const child = spawnPinned(command, options.core, {
    env: {
      ...process.env,
      NODE_ENV: 'production',
      PETREL_DATA_DIR: home.dataDir,
      PETREL_AUTH_SECRET: home.secret,
      PETREL_MQTT_HOST: '127.0.0.1',
      PETREL_MQTT_PORT: String(mqttPort),
      PETREL_HTTP_HOST: '127.0.0.1',
      PETREL_HTTP_PORT: String(httpPort),
      PETREL_LIMITS_SEND_PER_SECOND: '0',
      PETREL_LIMITS_CONNECT_PER_SECOND: '0',
      PETREL_LIMITS_HTTP_PER_SECOND: '0',
      PETREL_LIMITS_REQUEST_PER_SECOND: '0',
      PETREL_LOG_LEVEL: 'warn',
      ...options.env,
    },
  });
  child.stdout!.pipe(process.stderr, { end: false });
  const stop = async (): Promise<void> => {
    await stopChild(child);
    if (options.home === undefined) await removeHome(home);
  };
  try {
    await waitForStart(child, () => isReady(httpPort));
  } catch (fault) {
    await stop();
    throw fault;
  }
  return {
    name: 'Petrel',
    pid: child.pid!,
    mqttPort,
    httpPort,
    stop,
    tokenOf: (uid) => sign(uid, home.secret),
  };
}

async function isReady(httpPort: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${httpPort}/readyz`)).ok;
  } catch {
    return false;
  }
}

function sign(uid: string, secret: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + tokenSeconds;
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: uid, exp })}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

/** Creates a group of these users, the first of them its owner, and returns its gid. */
export async function createGroup(server: PetrelServer, uids: readonly string[]): Promise<string> {
  const [owner, ...members] = uids;
  const group = (await post(server, owner!, '/groups', { name: 'bench', members })) as { gid: string };
  return group.gid;
}

/** POST to the HTTP API as a user; rejects when it is refused. */
export async function post(server: PetrelServer, uid: string, path: string, input: object): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${server.httpPort}/v1${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.tokenOf(uid)}`, 'content-type': 'application/json' },
    body: JSON.stringify(input),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
