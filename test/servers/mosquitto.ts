import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { binary } from './binary.ts';
import { freePort, type RunningProcess, startListening } from './process.ts';

/** A mosquitto broker to compare with. */
export interface Mosquitto {
  readonly host: string;
  readonly port: number;
  /** Absent where it was not started here. */
  readonly pid?: number;
  stop(): Promise<void>;
}

export interface MosquittoOptions {
  /** More lines for mosquitto.conf. */
  readonly settings?: readonly string[];
  /** Put before the command: `['taskset', '-c', '0']`. */
  readonly launcher?: readonly string[];
}

/**
 * The broker TEST_MOSQUITTO_URL names (mqtt://host:port), or one of our own: on a free port, open to all, nothing
 * saved, its files in a folder that `stop` removes. Rejects with NotAvailable.
 */
export async function startMosquitto({
  settings = [],
  launcher = [],
}: MosquittoOptions = {}): Promise<Mosquitto> {
  const url = process.env.TEST_MOSQUITTO_URL;
  if (url) {
    const { hostname, port } = new URL(url);
    return { host: hostname, port: Number(port || 1883), stop: () => Promise.resolve() };
  }
  const program = await binary('mosquitto', 'mosquitto');
  const folder = mkdtempSync(join(tmpdir(), 'petrel-mosquitto-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const port = await freePort();
    const file = join(folder, 'mosquitto.conf');
    const lines = [`listener ${port} 127.0.0.1`, 'allow_anonymous true', 'persistence false', 'user root'];
    writeFileSync(file, [...lines, 'log_type error', ...settings, ''].join('\n'));
    const [command, ...args] = [...launcher, program, '-c', file];
    const running: RunningProcess = await startListening(command!, args, port);
    const stop = () => running.stop().finally(remove);
    return { host: '127.0.0.1', port, pid: running.pid, stop };
  } catch (error) {
    remove();
    throw error;
  }
}
