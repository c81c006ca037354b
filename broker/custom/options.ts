import type { TopicRule } from '../../policy/custom.ts';
import type { CustomStore } from '../../store/custom.ts';
import type { CoreOptions } from './aedes.ts';
import type { QueueLimits } from './queue.ts';
import type { RetainedLimits } from './retained.ts';

/** What custom topics hold at most. */
export interface CustomLimits extends QueueLimits, RetainedLimits {
  /** Above so many unread bytes a connection gets no QoS 0 messages, and others queue. */
  readonly maxBacklogBytes: number;
  /** Bytes of unacknowledged messages of a session; above it others queue. */
  readonly maxInFlightBytes: number;
}

/** What aedes and its matcher take. */
export const maxLevels = 100;

export const defaultLimits: CustomLimits = {
  maxQueuedMessages: 1000,
  maxQueuedBytes: 1024 * 1024,
  maxQueuedBytesTotal: 256 * 1024 * 1024,
  maxRetainedMessages: 100_000,
  maxRetainedBytes: 64 * 1024 * 1024,
  maxBacklogBytes: 256 * 1024,
  maxInFlightBytes: 1024 * 1024,
};

export interface CustomOptions extends CoreOptions {
  /** `topics.custom` of the configuration. */
  readonly rules: readonly TopicRule[];
  readonly now: () => number;
  readonly limits?: Partial<CustomLimits>;
  /** Where retained messages and what persistent sessions have still to get are kept; without it they end with the process. */
  readonly store?: CustomStore;
  /** Petrel's version, for `$SYS/broker/version`. */
  readonly version: string;
  /** How many clients are connected, for `$SYS/broker/clients/connected`. */
  readonly connected: () => number;
}
