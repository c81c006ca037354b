import { type ChildProcess, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startMariaDb } from '../../test/servers/mariadb.ts';
import { startOwnRedis } from '../../test/servers/redis.ts';
import { makeHome, type PetrelServer, removeHome, startPetrel } from './petrel.ts';
import { freePort, listens, spawnPinned, stopChild, waitForStart } from './server.ts';

/** A cluster and the servers it stands on, all on the same core. */
export interface BenchCluster {
  readonly brokers: readonly PetrelServer[];
  readonly worker: PetrelServer;
  readonly api: PetrelServer;
  /** The servers of others, by what they are for. */
  readonly pids: Readonly<Record<'state' | 'timeline' | 'directory', number>>;
  stop(): Promise<void>;
}

/**
 * Redis, MariaDB, a timeline in the memory of a server that speaks MongoDB's protocol, one worker, one api and as many
 * brokers as are wanted.
 */
export async function startCluster(core: number | undefined, brokerCount: number): Promise<BenchCluster> {
  const home = await makeHome();
  const stops: (() => Promise<unknown>)[] = [() => removeHome(home)];
  const stop = async (): Promise<void> => {
    for (const step of stops.splice(0).reverse()) await step();
  };
  try {
    const redis = await startOwnRedis();
    stops.push(() => redis.stop());
    const mariadb = await startMariaDb();
    stops.push(() => mariadb.stop());
    const store = await startMemoryStore(core);
    stops.push(() => stopChild(store.child));
    const pids = { state: redis.pid, timeline: store.child.pid!, directory: mariadb.pid! };
    for (const pid of Object.values(pids)) pin(pid, core);
    const env = {
      PETREL_STORE_STATE: await redis.newDatabase(),
      PETREL_STORE_DIRECTORY: await mariadb.createDatabase(),
      PETREL_STORE_TIMELINE: `mongodb://127.0.0.1:${store.port}/petrel`,
    };
    const start = async (role: 'broker' | 'worker' | 'api'): Promise<PetrelServer> => {
      const node = await startPetrel({ core, home, role, env });
      stops.push(() => node.stop());
      return node;
    };
    const api = await start('api');
    const worker = await start('worker');
    const brokers: PetrelServer[] = [];
    // Groups are made by the api, wherever their members are.
    while (brokers.length < brokerCount) brokers.push({ ...(await start('broker')), httpPort: api.httpPort });
    return { brokers, worker, api, pids, stop };
  } catch (fault) {
    await stop();
    throw fault;
  }
}

async function startMemoryStore(core: number | undefined): Promise<{ child: ChildProcess; port: number }> {
  const port = await freePort();
  const program = fileURLToPath(new URL('memory-store.js', import.meta.url));
  const child = spawnPinned([process.execPath, program, String(port)], core);
  await waitForStart(child, () => listens(port));
  return { child, port };
}

/** All threads of a process that runs already. */
function pin(pid: number, core: number | undefined): void {
  if (core === undefined) return;
  execFileSync('taskset', ['-a', '-c', '-p', String(core), String(pid)], { stdio: 'ignore' });
}
