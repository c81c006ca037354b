import type { TopicPolicy } from '../../policy/custom.ts';
import type { CustomCounters } from './custom.ts';
import type { EntryKeeper } from './journal.ts';
import type { QueueStore } from './queue.ts';
import type { RetainedMessages } from './retained.ts';
import type { Subscriber } from './subscriber.ts';

/** What all subscribers share. */
export interface SubscriberContext {
  readonly policy: TopicPolicy;
  readonly queues: QueueStore;
  /** Absent where messages are held in memory alone. */
  readonly journal: EntryKeeper | undefined;
  readonly retained: RetainedMessages;
  readonly counters: CustomCounters;
  /** Connected subscribers for whom something waits. */
  readonly waiting: Set<Subscriber>;
  readonly maxBacklogBytes: number;
  readonly maxInFlightBytes: number;
  readonly now: () => number;
  /** A packet id for a message whose receivers may share it: 1..0x7fff. */
  nextId(): number;
}

/** Packet ids one after the other, again from 1 after the last. */
export function packetIds(): () => number {
  let last = 0;
  return () => {
    last = (last % 0x7fff) + 1;
    return last;
  };
}
