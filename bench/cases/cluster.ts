import { runLoad } from '../generator.ts';
import type { LoadMode, LoadResult } from '../load/job.ts';
import type { Row, Section } from '../report.ts';
import { type BenchCluster, startCluster } from '../servers/cluster.ts';
import { createGroup, type PetrelServer, startPetrel } from '../servers/petrel.ts';
import type { Setting } from '../setting.ts';
import { introducePairs, petrelPairs } from './pairs.ts';
import {
  busyPercent,
  clientOf,
  cpuPer,
  describeResult,
  faultsOf,
  introduce,
  load,
  perSecond,
} from './peers.ts';

const warmupMs = 3000;

/** What a send costs where the way into the timeline goes over other processes, beside the one process that does it all. */
export async function clusterSends(setting: Setting): Promise<Section> {
  const cluster = await startCluster(setting.serverCore, 1);
  const broker = cluster.brokers[0]!;
  try {
    const embedded = await startPetrel({ core: setting.serverCore, profileDir: setting.profileDir });
    try {
      for (const server of [broker, embedded]) await introducePairs(setting, server);
      const rows: Row[] = [];
      const faults: string[] = [];
      for (const window of [8, 64]) {
        const mode: LoadMode = { kind: 'window', window, warmupMs, measureMs: 1000 * setting.seconds };
        const [subject, reference]: [LoadResult[], LoadResult[]] = [[], []];
        for (let round = 0; round < setting.rounds; round++) {
          // One of the two has nothing to do meanwhile; who is first changes.
          const order = round % 2 === 0 ? [true, false] : [false, true];
          for (const isCluster of order)
            if (isCluster) subject.push(await clusterLoad(setting, cluster, mode));
            else reference.push(await load(setting, embedded, petrelPairs(embedded, mode)));
        }
        rows.push(...sendRows(window, subject, reference));
        faults.push(...faultsOf('cluster', subject), ...faultsOf('embedded', reference));
      }
      return {
        id: 'cluster',
        title: 'Direct messages through a cluster',
        method:
          'The 50 pairs of above. Embedded: one process with its own store. Cluster: a broker, a worker, Redis, MariaDB and, ' +
          'for the timeline, a server of ours that speaks MongoDB’s protocol and keeps everything in memory, so that what ' +
          'a store costs does not hide the rest. All of them share the one core: the CPU time of each for a send counts.',
        subject: 'cluster',
        reference: 'embedded',
        rows,
        faults,
      };
    } finally {
      await embedded.stop();
    }
  } finally {
    await cluster.stop();
  }
}

async function clusterLoad(setting: Setting, cluster: BenchCluster, mode: LoadMode): Promise<LoadResult> {
  const { brokers, worker, pids } = cluster;
  const broker = brokers[0]!;
  const result = await runLoad(setting.loadCore, {
    ...petrelPairs(broker, mode),
    port: broker.mqttPort,
    serverPid: broker.pid,
    otherPids: { worker: worker.pid, ...pids },
  });
  setting.log(`cluster: ${describeResult(result)}`);
  return result;
}

function sendRows(window: number, subject: readonly LoadResult[], reference: readonly LoadResult[]): Row[] {
  const name = (what: string): string => `window ${window}: ${what}`;
  const [broker, embedded] = [cpuPer(subject, 'acks'), cpuPer(reference, 'acks')];
  const of = (who: string): number[] =>
    subject.map((result) => (result.otherCpuMicros[who] ?? Number.NaN) / result.acks);
  const perCore = (micros: readonly number[]): number[] => micros.map((each) => 1e6 / each);
  return [
    {
      name: name('sends, one core of the broker busy'),
      unit: 'per second',
      subject: perCore(broker),
      reference: perCore(embedded),
      target: '≥ 0.5 ×',
    },
    { name: name('CPU a send: broker, or all of it'), unit: 'µs', subject: broker, reference: embedded },
    { name: name('CPU a send: worker'), unit: 'µs', subject: of('worker'), reference: embedded },
    { name: name('CPU a send: Redis'), unit: 'µs', subject: of('state'), reference: embedded },
    { name: name('CPU a send: server of the timeline'), unit: 'µs', subject: of('timeline') },
    { name: name('CPU a send: server of the directory'), unit: 'µs', subject: of('directory') },
    {
      name: name('acknowledged sends'),
      unit: 'per second',
      subject: perSecond(subject, 'acks'),
      reference: perSecond(reference, 'acks'),
    },
    {
      name: name('acknowledgement, p50'),
      unit: 'ms',
      subject: subject.map(({ ackMs }) => ackMs.p50),
      reference: reference.map(({ ackMs }) => ackMs.p50),
    },
    {
      name: name('generator busy'),
      unit: '%',
      subject: busyPercent(subject),
      reference: busyPercent(reference),
    },
  ];
}

const memberCount = 500;
const senderCount = 10;
// Few enough that nothing waits: what waits leaves in fewer, larger writes, which cost less.
const sendsPerSecond = 15;

/** What a delivery costs each of two brokers that have a group's members between them, beside one with half of them. */
export async function clusterFanout(setting: Setting): Promise<Section> {
  const cluster = await startCluster(setting.serverCore, 2);
  try {
    const [first, second] = cluster.brokers as [PetrelServer, PetrelServer];
    const [here, there] = [names('here'), names('there')];
    await introduce(setting, first, here);
    await introduce(setting, second, there);
    const [small, large] = [await createGroup(first, here), await createGroup(first, [...here, ...there])];
    const mode: LoadMode = {
      kind: 'paced',
      perSecond: sendsPerSecond,
      warmupMs,
      measureMs: 1000 * setting.seconds,
    };
    const run = async (gid: string, servers: readonly PetrelServer[]): Promise<LoadResult> => {
      const clients = servers.flatMap((server, which) =>
        [here, there][which]!.map((uid, i) => ({
          ...clientOf(server, uid, which === 0 && i < senderCount ? { publish: `send/g/${gid}` } : {}),
          port: server.mqttPort,
        })),
      );
      const result = await runLoad(setting.loadCore, {
        clients,
        mode,
        deliveriesPerSend: clients.length,
        port: first.mqttPort,
        serverPid: first.pid,
        otherPids: { second: second.pid },
      });
      setting.log(`${servers.length} broker(s): ${describeResult(result)}`);
      return result;
    };
    const [one, two]: [LoadResult[], LoadResult[]] = [[], []];
    for (let round = 0; round < setting.rounds; round++) {
      one.push(await run(small, [first]));
      two.push(await run(large, [first, second]));
    }
    const reference = cpuPer(one, 'deliveries');
    const row = (name: string, subject: readonly number[]): Row => ({
      name,
      unit: 'µs',
      subject,
      reference,
      target: '≤ 1.2 ×',
    });
    return {
      id: 'cluster-fanout',
      title: 'A group whose members are on two brokers',
      method: `${sendsPerSecond} messages a second to a group with ${memberCount} members online on one broker, and to one with as many more on a second broker; the ${senderCount} who write are on the first.`,
      subject: 'two brokers',
      reference: 'one broker',
      rows: [
        row(
          'CPU a delivery, first broker',
          two.map(({ serverCpuMicros = Number.NaN, deliveries }) => serverCpuMicros / (deliveries / 2)),
        ),
        row(
          'CPU a delivery, second broker',
          two.map(({ otherCpuMicros, deliveries }) => otherCpuMicros.second! / (deliveries / 2)),
        ),
        {
          name: 'deliveries',
          unit: 'per second',
          subject: perSecond(two, 'deliveries'),
          reference: perSecond(one, 'deliveries'),
        },
        {
          name: 'delivery, p50',
          unit: 'ms',
          subject: two.map(({ deliveryMs }) => deliveryMs.p50),
          reference: one.map(({ deliveryMs }) => deliveryMs.p50),
        },
      ],
      faults: faultsOf('Petrel', [...one, ...two]),
    };
  } finally {
    await cluster.stop();
  }
}

const names = (prefix: string): string[] => Array.from({ length: memberCount }, (_, i) => `${prefix}_${i}`);
