import { holdClients, type Job, runLoad } from '../generator.ts';
import type { LoadClient, LoadMode, LoadResult } from '../load/job.ts';
import { startMosquitto } from '../servers/mosquitto.ts';
import { type PetrelServer, startPetrel } from '../servers/petrel.ts';
import type { Server } from '../servers/server.ts';
import type { Setting } from '../setting.ts';

/** The two servers of a case, on the same core; the one that is not measured has nothing to do. */
export interface Peers {
  readonly petrel: PetrelServer;
  readonly mosquitto: Server;
}

/** One result a round, in the order of the rounds. */
export interface Rounds<T> {
  readonly petrel: readonly T[];
  readonly mosquitto: readonly T[];
}

export async function withPeers<T>(setting: Setting, work: (peers: Peers) => Promise<T>): Promise<T> {
  const mosquitto = await startMosquitto(setting.serverCore);
  try {
    const petrel = await startPetrel({ core: setting.serverCore, profileDir: setting.profileDir });
    try {
      return await work({ petrel, mosquitto });
    } finally {
      await petrel.stop();
    }
  } finally {
    await mosquitto.stop();
  }
}

/** Measures both in every round; who is first changes from round to round. */
export async function alternate<T>(
  setting: Setting,
  measure: { readonly petrel: () => Promise<T>; readonly mosquitto: () => Promise<T> },
): Promise<Rounds<T>> {
  const results = { petrel: [] as T[], mosquitto: [] as T[] };
  for (let round = 0; round < setting.rounds; round++) {
    const order = round % 2 === 0 ? (['mosquitto', 'petrel'] as const) : (['petrel', 'mosquitto'] as const);
    for (const name of order) results[name].push(await measure[name]());
  }
  return results;
}

/** A `window` or `paced` run against one server. */
export async function load(
  setting: Setting,
  server: Server,
  job: Pick<Job, 'clients' | 'mode' | 'deliveriesPerSend'>,
): Promise<LoadResult> {
  const result = await runLoad(setting.loadCore, { ...job, port: server.mqttPort, serverPid: server.pid });
  setting.log(`${server.name} ${describeMode(job.mode)}: ${describeResult(result)}`);
  return result;
}

/** Connects everyone once: a user is created when a trusted token is first seen. */
export async function introduce(
  setting: Setting,
  petrel: PetrelServer,
  uids: readonly string[],
): Promise<void> {
  const atOnce = 2000;
  for (let from = 0; from < uids.length; from += atOnce) {
    const clients = uids
      .slice(from, from + atOnce)
      .map((uid) => ({ id: uid, password: petrel.tokenOf(uid) }));
    const held = await holdClients(setting.loadCore, petrel.mqttPort, clients);
    await held.release();
  }
}

export const perSecond = (results: readonly LoadResult[], what: 'acks' | 'deliveries'): number[] =>
  results.map((result) => result[what] / result.seconds);

export const cpuPer = (results: readonly LoadResult[], what: 'acks' | 'deliveries'): number[] =>
  results.map((result) => (result.serverCpuMicros ?? Number.NaN) / result[what]);

export const rssMegabytes = (results: readonly LoadResult[]): number[] =>
  results.map((result) => (result.serverRssBytes ?? Number.NaN) / 1e6);

/** Well below 100 in a run without pauses: others used the server's core, and the rates are too low. */
export const serverBusyPercent = (results: readonly LoadResult[]): number[] =>
  results.map((result) => (result.serverCpuMicros ?? Number.NaN) / result.seconds / 1e4);

export const busyPercent = (results: readonly LoadResult[]): number[] =>
  results.map((result) => 100 * result.generatorBusy);

/** What must not happen in a run, told in the report where it did. */
export function faultsOf(name: string, results: readonly LoadResult[]): string[] {
  return results.flatMap(({ refused, dropped, missing, lastReason }) =>
    refused + dropped === 0 && missing <= 0
      ? []
      : [
          `${name}: ${refused} refused, ${missing} deliveries missing, ${dropped} connections lost, last reason 0x${lastReason.toString(16)}`,
        ],
  );
}

/** Clients by name, with a token where the server wants one. */
export const clientOf = (
  petrel: PetrelServer | undefined,
  id: string,
  topics: { readonly publish?: string; readonly subscribe?: readonly string[] },
): LoadClient => ({ id, ...topics, ...(petrel === undefined ? {} : { password: petrel.tokenOf(id) }) });

const describeMode = (mode: LoadMode): string =>
  mode.kind === 'window'
    ? `window ${mode.window}`
    : mode.kind === 'paced'
      ? `${mode.perSecond}/s`
      : mode.kind;

export const describeResult = (result: LoadResult): string =>
  `${Math.round(result.acks / result.seconds)} acks/s, ${Math.round(result.deliveries / result.seconds)} deliveries/s, ` +
  `ack p50 ${result.ackMs.p50} p99 ${result.ackMs.p99} ms, generator ${Math.round(100 * result.generatorBusy)} % busy` +
  (result.refused + result.dropped > 0 || result.missing > 0
    ? `, ${result.refused} refused, ${result.missing} missing, ${result.dropped} dropped, last reason 0x${result.lastReason.toString(16)}`
    : '');
