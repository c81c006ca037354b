import type { ProtocolVersion } from './frames.ts';

/** One client of a run. */
export interface LoadClient {
  readonly id: string;
  /** Token; goes with an empty user name. */
  readonly password?: string;
  readonly subscribe?: readonly string[];
  /** Topic it sends to; a client without one only receives. */
  readonly publish?: string;
  /** Of the server it connects to; the job's where absent. */
  readonly port?: number;
}

/** What a generator process is asked to do; comes as one JSON line on its standard input. */
export interface LoadJob {
  readonly port: number;
  readonly version: ProtocolVersion;
  readonly clients: readonly LoadClient[];
  readonly mode: LoadMode;
  readonly textBytes: number;
  /** Deliveries that one send causes, to tell what is lost. */
  readonly deliveriesPerSend: number;
  /** Sampled for CPU time and memory around the measured time. */
  readonly serverPid?: number;
  /** More processes whose CPU time is sampled, by any names. */
  readonly otherPids?: Readonly<Record<string, number>>;
}

export type LoadMode =
  /** Every sender keeps `window` messages unacknowledged. */
  | {
      readonly kind: 'window';
      readonly window: number;
      readonly warmupMs: number;
      readonly measureMs: number;
    }
  /** All senders together send `perSecond`. */
  | {
      readonly kind: 'paced';
      readonly perSecond: number;
      readonly warmupMs: number;
      readonly measureMs: number;
    }
  /** Connections are held until standard input ends. */
  | { readonly kind: 'hold' }
  /** Receivers leave a persistent session behind, get `messages` each, and come back. */
  | { readonly kind: 'resume'; readonly messages: number };

/** Milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** What a run of kind `window` or `paced` measured, apart from its warm-up. */
export interface LoadResult {
  readonly seconds: number;
  readonly sends: number;
  readonly acks: number;
  readonly deliveries: number;
  readonly ackMs: Latency;
  readonly deliveryMs: Latency;
  /** Refusing acknowledgements, and connections that ended, over the whole run. */
  readonly refused: number;
  readonly dropped: number;
  /** Reason code of the last of them. */
  readonly lastReason: number;
  /** Deliveries that never came, repeats counted against them, over the whole run. */
  readonly missing: number;
  /** Share of one core that the generator used: near 1 it is the bottleneck itself. */
  readonly generatorBusy: number;
  readonly serverCpuMicros?: number;
  readonly serverRssBytes?: number;
  /** Of `otherPids`, by their names. */
  readonly otherCpuMicros: Readonly<Record<string, number>>;
}

/** What a run of kind `resume` measured. */
export interface ResumeResult {
  readonly sessions: number;
  readonly messages: number;
  /** From the first CONNECT to the first message, and to the last one of all sessions. */
  readonly firstMs: number;
  readonly allMs: number;
  readonly missing: number;
}

/** A line of the generator's standard output. */
export type LoadReport =
  | { readonly kind: 'ready'; readonly connectMs: number }
  | { readonly kind: 'load'; readonly result: LoadResult }
  | { readonly kind: 'resume'; readonly result: ResumeResult }
  | { readonly kind: 'failed'; readonly message: string };
