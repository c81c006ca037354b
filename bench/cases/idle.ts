import { holdClients } from '../generator.ts';
import type { LoadClient } from '../load/job.ts';
import { rssBytes, settledRssBytes } from '../process.ts';
import type { Row, Section } from '../report.ts';
import { startMosquitto } from '../servers/mosquitto.ts';
import { makeHome, removeHome, startPetrel } from '../servers/petrel.ts';
import type { Server } from '../servers/server.ts';
import type { Setting } from '../setting.ts';
import { alternate, clientOf, introduce } from './peers.ts';

const connectionCount = 5000;
const warmupCount = 50;

/** How long memory must not change to count as settled: V8 may collect the garbage of an idle process after half a minute. */
const steadySeconds = { Petrel: 45, mosquitto: 3 } as const;
const longestSettlingSeconds = 120;

interface Idle {
  readonly perConnectionBytes: number;
  readonly atOncePerConnectionBytes: number;
  readonly connectMs: number;
}

/** Memory of connections that do nothing, each with a user of its own; a fresh server in every round. */
export async function idle(setting: Setting): Promise<Section> {
  const uids = Array.from({ length: connectionCount }, (_, i) => `idle_${i}`);
  const home = await makeHome();
  const startAgain = () => startPetrel({ core: setting.serverCore, home });
  try {
    const first = await startAgain();
    await introduce(setting, first, uids).finally(() => first.stop());
    const rounds = await alternate<Idle>(setting, {
      petrel: async () => {
        const petrel = await startAgain();
        return measureIdle(
          setting,
          petrel,
          uids.map((uid) => clientOf(petrel, uid, {})),
        );
      },
      mosquitto: async () =>
        measureIdle(
          setting,
          await startMosquitto(setting.serverCore),
          uids.map((uid) => clientOf(undefined, uid, { subscribe: [`u/${uid}`] })),
        ),
    });
    const both = (figure: (result: Idle) => number): Pick<Row, 'subject' | 'reference'> => ({
      subject: rounds.petrel.map(figure),
      reference: rounds.mosquitto.map(figure),
    });
    return {
      id: 'idle',
      title: '5,000 idle connections',
      method:
        'Growth of the resident memory by 5,000 connections, once it has stood still for 45 seconds. In Petrel every connection has its own user, ' +
        'a checked token and the subscriptions of that user; in mosquitto one subscription and no authentication.',
      subject: 'Petrel',
      reference: 'mosquitto',
      rows: [
        {
          name: 'memory a connection',
          unit: 'KB',
          ...both((result) => result.perConnectionBytes / 1024),
          target: '≤ 12 KB',
        },
        {
          name: 'the same as soon as all are connected',
          unit: 'KB',
          ...both((result) => result.atOncePerConnectionBytes / 1024),
        },
        {
          name: 'connects',
          unit: 'per second',
          ...both((result) => connectionCount / (result.connectMs / 1000)),
        },
      ],
      faults: [],
    };
  } finally {
    await removeHome(home);
  }
}

/** Connects a few first, so that what a server loads and compiles for its first clients does not count. Stops the server. */
async function measureIdle(setting: Setting, server: Server, clients: readonly LoadClient[]): Promise<Idle> {
  try {
    const warmup = await holdClients(setting.loadCore, server.mqttPort, clients.slice(0, warmupCount));
    await warmup.release();
    const before = await settledRssBytes(server.pid, steadySeconds[server.name], longestSettlingSeconds);
    const held = await holdClients(setting.loadCore, server.mqttPort, clients);
    const atOnce = rssBytes(server.pid);
    const after = await settledRssBytes(server.pid, steadySeconds[server.name], longestSettlingSeconds);
    await held.release();
    const perConnectionBytes = (after - before) / clients.length;
    setting.log(
      `${server.name} idle: ${(perConnectionBytes / 1024).toFixed(1)} KB a connection; whole process ` +
        `${megabytes(before)} before, ${megabytes(atOnce)} when all were connected, ${megabytes(after)} settled`,
    );
    const atOncePerConnectionBytes = (atOnce - before) / clients.length;
    return { perConnectionBytes, atOncePerConnectionBytes, connectMs: held.connectMs };
  } finally {
    await server.stop();
  }
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
