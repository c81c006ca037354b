import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { Tally } from './tally.ts';

/** Numbers that the hot paths write straight into; they are read when somebody asks for /metrics. */
export interface HotNumbers {
  /** Sends stored, repeats not counted. */
  sends: number;
  /** Sends answered with the seq of an earlier one. */
  repeats: number;
  /** Events written to sockets. */
  deliveries: number;
  /** Events replayed to sessions that came back or caught up. */
  replayed: number;
  /** Sessions that read slower than their conversations go, now. */
  lagging: number;
  /** Submissions that wait for their commit, now. */
  waiting: number;
  /** Times that this node may have missed something on the bus, and read anew. */
  busLosses: number;
  /** What this node could not publish, nor keep until it could. */
  busDropped: number;
  /** Bytes that wait to be published, now. */
  busQueuedBytes: number;
  /** Partitions of conversations that this node stores for, now. */
  partitions: number;
}

/** The cluster as this node sees it. */
export interface ClusterView {
  /** Whose leases hold, this one included. */
  nodes: () => Iterable<{ readonly role: string }>;
}

/** All that a server measures. Each server has its own. */
export interface Metrics {
  readonly registry: Registry;
  readonly hot: HotNumbers;
  readonly cluster: ClusterView;
  /** Open connections: transport (`tcp`, `tls`, `ws`) and MQTT version (`3.1`, `3.1.1`, `5`). */
  readonly connections: Tally<readonly [transport: string, version: string]>;
  /** CONNECTs answered, by error code, `ok` where accepted. */
  readonly connects: Tally<readonly [code: string]>;
  /** Sends refused, by error code. */
  readonly refusals: Tally<readonly [code: string]>;
  /** Messages looked at before they were stored: by `words` or `hook`, and what came of it. */
  readonly moderation: Tally<readonly [by: string, result: string]>;
  /** Requests answered: operation (`auth.login`; `other` where none) and HTTP status. */
  readonly requests: Tally<readonly [operation: string, status: string]>;
  /** Events of a commit. */
  readonly batchSize: Pick<Histogram, 'observe'>;
  /** Seconds from the hand-over of a batch to its being durable. */
  readonly commitSeconds: Pick<Histogram, 'observe'>;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const hot: HotNumbers = {
    sends: 0,
    repeats: 0,
    deliveries: 0,
    replayed: 0,
    lagging: 0,
    waiting: 0,
    busLosses: 0,
    busDropped: 0,
    busQueuedBytes: 0,
    partitions: 0,
  };
  const cluster: ClusterView = { nodes: () => [] };

  const counter = (name: string, help: string, read: () => number) =>
    new Counter({
      name: `petrel_${name}_total`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `petrel_${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  counter('sends', 'Messages and changes stored.', () => hot.sends);
  counter('send_repeats', 'Sends that were stored before.', () => hot.repeats);
  counter('deliveries', 'Events written to sockets.', () => hot.deliveries);
  counter('replayed_events', 'Events replayed from the timeline.', () => hot.replayed);
  gauge('sessions_lagging', 'Sessions that read slower than their conversations go.', () => hot.lagging);
  gauge('submissions_waiting', 'Submissions that wait for their commit.', () => hot.waiting);
  counter('bus_losses', 'Times this node may have missed something and read anew.', () => hot.busLosses);
  counter('bus_dropped', 'Publications given up while Redis was away.', () => hot.busDropped);
  gauge('bus_queued_bytes', 'Bytes that wait to be published.', () => hot.busQueuedBytes);
  gauge('partitions', 'Partitions of conversations that this node stores for.', () => hot.partitions);
  new Gauge({
    name: 'petrel_nodes',
    help: 'Nodes of the cluster as this one sees it, by role.',
    labelNames: ['role'],
    registers,
    collect() {
      this.reset();
      for (const { role } of cluster.nodes()) this.inc({ role });
    },
  });

  const tallied = <L extends readonly string[]>(name: string, help: string, labels: L) => {
    const tally = new Tally<{ readonly [I in keyof L]: string }>();
    const Kind = name.endsWith('_total') ? Counter : Gauge;
    new Kind({
      name: `petrel_${name}`,
      help,
      labelNames: [...labels] as string[],
      registers,
      collect() {
        this.reset();
        for (const [values, count] of tally.entries())
          this.inc(Object.fromEntries(labels.map((label, place) => [label, values[place]!])), count);
      },
    });
    return tally;
  };

  return {
    registry,
    hot,
    cluster,
    connections: tallied('connections', 'Open connections.', ['transport', 'version'] as const),
    connects: tallied('connects_total', 'CONNECTs answered, by error code.', ['code'] as const),
    refusals: tallied('send_refusals_total', 'Sends refused, by error code.', ['code'] as const),
    moderation: tallied('moderation_checks_total', 'Messages looked at before they were stored.', [
      'by',
      'result',
    ] as const),
    requests: tallied('http_requests_total', 'HTTP requests answered.', ['operation', 'status'] as const),
    batchSize: new Histogram({
      name: 'petrel_commit_batch_events',
      help: 'Events stored by one commit.',
      buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000],
      registers,
    }),
    commitSeconds: new Histogram({
      name: 'petrel_commit_seconds',
      help: 'Time of one commit until it is durable.',
      buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5],
      registers,
    }),
  };
}
