import { Connection } from './connection.ts';
import type { LoadClient, LoadJob } from './job.ts';
import type { Traffic } from './traffic.ts';

export interface SessionOptions {
  readonly cleanStart: boolean;
  readonly sessionExpirySeconds: number;
}

const cleanSession: SessionOptions = { cleanStart: true, sessionExpirySeconds: 0 };
const maxConnecting = 64;
const addresses = 50;

/** Connects all clients of a job, a bounded number at a time; rejects when one of them is refused. */
export async function connectAll(
  job: LoadJob,
  traffic: Traffic,
  clients: readonly LoadClient[] = job.clients,
  session: SessionOptions = cleanSession,
): Promise<Connection[]> {
  const connections: Connection[] = [];
  let next = 0;
  const connectSome = async (): Promise<void> => {
    while (next < clients.length) {
      const index = next++;
      const connection = new Connection({
        port: clients[index]!.port ?? job.port,
        version: job.version,
        client: clients[index]!,
        localAddress: `127.0.0.${2 + (index % addresses)}`,
        ...session,
        traffic,
      });
      connections[index] = connection;
      await connection.ready();
    }
  };
  await Promise.all(Array.from({ length: Math.min(maxConnecting, clients.length) }, connectSome));
  return connections;
}

export async function endAll(connections: readonly Connection[]): Promise<void> {
  await Promise.all(connections.map((connection) => connection.end()));
}

/** Waits for a condition, looked at every few milliseconds; false when it does not come true in time. */
export async function waitUntil(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return true;
}
