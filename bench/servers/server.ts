import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

/** A server under load, in a process of its own. */
export interface Server {
  readonly name: 'Petrel' | 'mosquitto';
  readonly pid: number;
  readonly mqttPort: number;
  stop(): Promise<void>;
}

const startTimeoutMs = 20_000;
const stopTimeoutMs = 30_000;

/** Starts a program, on one core where one is named; it does not outlive this process. */
export function spawnPinned(
  command: readonly string[],
  core: number | undefined,
  options: { readonly env?: NodeJS.ProcessEnv; readonly stdin?: 'pipe' | 'ignore' } = {},
): ChildProcess {
  const [file, ...args] = core === undefined ? command : ['taskset', '-c', String(core), ...command];
  const child = spawn(file!, args, {
    stdio: [options.stdin ?? 'ignore', 'pipe', 'inherit'],
    env: options.env ?? process.env,
  });
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  return child;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Waits until `isUp` says so; rejects when the process ends before, or when it takes too long. */
export async function waitForStart(child: ChildProcess, isUp: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + startTimeoutMs;
  while (!(await isUp())) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}`);
    if (performance.now() > deadline) throw new Error(`${child.spawnfile} did not start in time`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** SIGTERM, and SIGKILL when that takes too long. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await exited;
  clearTimeout(timer);
}

/** Whether something listens on the port. */
export async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
