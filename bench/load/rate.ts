import { cpuMicros, rssBytes } from '../process.ts';
import { connectAll, endAll, waitUntil } from './clients.ts';
import type { Connection } from './connection.ts';
import type { Histogram } from './histogram.ts';
import type { Latency, LoadJob, LoadMode, LoadResult } from './job.ts';
import { PublishTemplate, stampFromEnd } from './template.ts';
import { Traffic } from './traffic.ts';

type RateMode = Extract<LoadMode, { measureMs: number }>;

const drainTimeoutMs = 10_000;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Connects the clients, lets them send, and measures what happens between the warm-up and the end. */
export async function measureRate(job: LoadJob, mode: RateMode): Promise<LoadResult> {
  const traffic = new Traffic(stampFromEnd(job.textBytes));
  const connections = await connectAll(job, traffic);
  const senders = connections.filter((_, index) => job.clients[index]!.publish !== undefined);
  const stop = startSenders(job, mode, senders, traffic);
  await pause(mode.warmupMs);
  const before = sample(job, traffic);
  traffic.ackLatency.reset();
  traffic.deliveryLatency.reset();
  await pause(mode.measureMs);
  const after = sample(job, traffic);
  const latencies = { ackMs: latency(traffic.ackLatency), deliveryMs: latency(traffic.deliveryLatency) };
  stop();
  await waitUntil(() => drained(job, traffic), drainTimeoutMs);
  const { refused, dropped, lastReason } = traffic;
  const missing = (traffic.sends - refused) * job.deliveriesPerSend - traffic.deliveries;
  await Promise.race([endAll(connections), pause(drainTimeoutMs)]);
  const micros = after.micros - before.micros;
  return {
    seconds: micros / 1e6,
    sends: after.sends - before.sends,
    acks: after.acks - before.acks,
    deliveries: after.deliveries - before.deliveries,
    ...latencies,
    refused,
    dropped,
    lastReason,
    missing,
    otherCpuMicros: Object.fromEntries(
      Object.entries(after.otherCpuMicros).map(([name, at]) => [name, at - before.otherCpuMicros[name]!]),
    ),
    generatorBusy: (after.ownCpuMicros - before.ownCpuMicros) / micros,
    ...(job.serverPid === undefined
      ? {}
      : { serverCpuMicros: after.serverCpuMicros - before.serverCpuMicros, serverRssBytes: after.rssBytes }),
  };
}

/** Gives every sender its messages, and starts the timer of a paced run. Returns what stops them. */
function startSenders(
  job: LoadJob,
  mode: RateMode,
  senders: readonly Connection[],
  traffic: Traffic,
): () => void {
  const clients = job.clients.filter((client) => client.publish !== undefined);
  const window = mode.kind === 'window' ? mode.window : 0;
  senders.forEach((sender, index) => {
    sender.startSending(messagesOf(job, clients[index]!.id, clients[index]!.publish!), window);
  });
  const stopPacing =
    mode.kind === 'paced' && senders.length > 0 ? pace(senders, traffic, mode.perSecond) : () => {};
  return () => {
    stopPacing();
    for (const sender of senders) sender.stopSending();
  };
}

/** Message numbers start at the time, so that no two runs on one server share a message id. */
export const messagesOf = (job: LoadJob, clientId: string, topic: string): PublishTemplate =>
  new PublishTemplate(
    { version: job.version, clientId, topic, textBytes: job.textBytes },
    (Date.now() % 1e9) * 1000,
  );

/** Sends what is due, in turns over the senders, once a millisecond. */
function pace(senders: readonly Connection[], traffic: Traffic, perSecond: number): () => void {
  const start = performance.now();
  let sent = 0;
  let turn = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - start) / 1000) * perSecond);
    traffic.tick();
    while (sent < due) {
      turn = (turn + 1) % senders.length;
      if (!senders[turn]!.send()) break;
      sent += 1;
    }
  }, 1);
  return () => clearInterval(timer);
}

interface Sample {
  readonly micros: number;
  readonly sends: number;
  readonly acks: number;
  readonly deliveries: number;
  readonly ownCpuMicros: number;
  readonly serverCpuMicros: number;
  readonly rssBytes: number;
  readonly otherCpuMicros: Readonly<Record<string, number>>;
}

function sample(job: LoadJob, traffic: Traffic): Sample {
  const { user, system } = process.cpuUsage();
  const { sends, acks, deliveries } = traffic;
  return {
    micros: performance.now() * 1000,
    sends,
    acks,
    deliveries,
    ownCpuMicros: user + system,
    serverCpuMicros: job.serverPid === undefined ? 0 : cpuMicros(job.serverPid),
    rssBytes: job.serverPid === undefined ? 0 : rssBytes(job.serverPid),
    otherCpuMicros: Object.fromEntries(
      Object.entries(job.otherPids ?? {}).map(([name, pid]) => [name, cpuMicros(pid)]),
    ),
  };
}

const drained = (job: LoadJob, traffic: Traffic): boolean =>
  traffic.acks + traffic.refused >= traffic.sends &&
  traffic.deliveries >= (traffic.sends - traffic.refused) * job.deliveriesPerSend;

const latency = (histogram: Histogram): Latency => ({
  p50: histogram.quantile(0.5) / 1000,
  p99: histogram.quantile(0.99) / 1000,
  p999: histogram.quantile(0.999) / 1000,
});
