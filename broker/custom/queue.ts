import type { Copy, CustomMessage } from './message.ts';

/** A message that waits for a session. */
export interface Queued {
  readonly message: CustomMessage;
  readonly copy: Copy;
  /** The shared subscription it came by (`$share/…`): another member gets it if this session ends. */
  readonly share: string | undefined;
  /** Its entry in the journal; 0 where it has none. */
  entry: number;
}

/** What queues hold at most: of each session, and together. */
export interface QueueLimits {
  readonly maxQueuedMessages: number;
  readonly maxQueuedBytes: number;
  readonly maxQueuedBytesTotal: number;
}

/**
 * Messages that sessions cannot have now, in order. They are held in memory; the journal makes them durable. A queue that is
 * full drops what comes (the newest); expired messages make room first.
 */
export interface QueueStore {
  /** Takes a message at the end of a session's queue; false: there is no room. */
  push(key: string, queued: Queued, now: number): boolean;
  /** Takes a message that another one has found room for. */
  append(key: string, queued: Queued): void;
  /** The oldest of a session's messages. */
  first(key: string): Queued | undefined;
  /** Takes the oldest out: it was sent, or is not wanted any more. */
  shift(key: string): void;
  /** Takes out the message with this entry; answers whether it was there. */
  remove(key: string, entry: number): boolean;
  /** Drops the messages of some queues that have expired; call after call it comes to all queues. */
  expire(now: number): void;
  /** Takes all out: the session has ended. */
  clear(key: string): Queued[];
  size(key: string): number;
  /** Whether all queues together hold what they may. */
  readonly full: boolean;
  /** Bytes in all queues together; a message in several counts once. */
  readonly bytes: number;
}

interface Queue {
  /** Taken from `head` on; the part before it is cut off now and then. */
  items: Queued[];
  head: number;
  bytes: number;
}

/** What an entry costs beside its message. */
const entryBytes = 100;
const queuesPerExpire = 200;

/** Queues in memory. */
export class MemoryQueues implements QueueStore {
  readonly #limits: QueueLimits;
  readonly #onExpired: (queued: Queued) => void;
  readonly #queues = new Map<string, Queue>();
  /** How many queues hold a message. */
  readonly #holders = new Map<CustomMessage, number>();
  #bytes = 0;
  /** The queues that a round of `expire` has still to look at. */
  #round: Iterator<[string, Queue]> | undefined;

  constructor(limits: QueueLimits, onExpired: (queued: Queued) => void = () => undefined) {
    this.#limits = limits;
    this.#onExpired = onExpired;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get full(): boolean {
    return this.#bytes >= this.#limits.maxQueuedBytesTotal;
  }

  push(key: string, queued: Queued, now: number): boolean {
    const queue = this.#queues.get(key) ?? { items: [], head: 0, bytes: 0 };
    const { bytes } = queued.message;
    if (!this.#fits(queue, bytes) && !(this.#dropExpired(queue, now) && this.#fits(queue, bytes)))
      return false;
    this.#add(key, queue, queued);
    return true;
  }

  append(key: string, queued: Queued): void {
    this.#add(key, this.#queues.get(key) ?? { items: [], head: 0, bytes: 0 }, queued);
  }

  #add(key: string, queue: Queue, queued: Queued): void {
    queue.items.push(queued);
    queue.bytes += queued.message.bytes;
    this.#queues.set(key, queue);
    this.#hold(queued.message);
  }

  first(key: string): Queued | undefined {
    const queue = this.#queues.get(key);
    return queue?.items[queue.head];
  }

  shift(key: string): void {
    const queue = this.#queues.get(key);
    const queued = queue?.items[queue.head];
    if (queue === undefined || queued === undefined) return;
    queue.head++;
    queue.bytes -= queued.message.bytes;
    this.#release(queued.message);
    if (queue.head === queue.items.length) this.#queues.delete(key);
    else if (queue.head >= 512) {
      queue.items = queue.items.slice(queue.head);
      queue.head = 0;
    }
  }

  remove(key: string, entry: number): boolean {
    const queue = this.#queues.get(key);
    if (queue === undefined) return false;
    const at = queue.items.findLastIndex((queued, i) => i >= queue.head && queued.entry === entry);
    const [queued] = at === -1 ? [] : queue.items.splice(at, 1);
    if (queued === undefined) return false;
    queue.bytes -= queued.message.bytes;
    this.#release(queued.message);
    if (queue.head === queue.items.length) this.#queues.delete(key);
    return true;
  }

  expire(now: number): void {
    this.#round ??= this.#queues.entries();
    for (let i = 0; i < queuesPerExpire; i++) {
      const next = this.#round.next();
      if (next.done) {
        this.#round = undefined;
        return;
      }
      const [key, queue] = next.value;
      this.#dropExpired(queue, now);
      if (queue.items.length === 0) this.#queues.delete(key);
    }
  }

  clear(key: string): Queued[] {
    const queue = this.#queues.get(key);
    if (queue === undefined) return [];
    this.#queues.delete(key);
    const left = queue.items.slice(queue.head);
    for (const { message } of left) this.#release(message);
    return left;
  }

  size(key: string): number {
    const queue = this.#queues.get(key);
    return queue === undefined ? 0 : queue.items.length - queue.head;
  }

  #fits(queue: Queue, bytes: number): boolean {
    return (
      queue.items.length - queue.head < this.#limits.maxQueuedMessages &&
      queue.bytes + bytes <= this.#limits.maxQueuedBytes &&
      !this.full
    );
  }

  #dropExpired(queue: Queue, now: number): boolean {
    const left: Queued[] = [];
    const before = queue.items.length - queue.head;
    for (const queued of queue.items.slice(queue.head)) {
      if (!queued.message.expired(now)) {
        left.push(queued);
        continue;
      }
      queue.bytes -= queued.message.bytes;
      this.#release(queued.message);
      this.#onExpired(queued);
    }
    queue.items = left;
    queue.head = 0;
    return left.length < before;
  }

  #hold(message: CustomMessage): void {
    const holders = this.#holders.get(message) ?? 0;
    this.#holders.set(message, holders + 1);
    this.#bytes += entryBytes + (holders === 0 ? message.bytes : 0);
  }

  #release(message: CustomMessage): void {
    const holders = this.#holders.get(message)! - 1;
    if (holders === 0) this.#holders.delete(message);
    else this.#holders.set(message, holders);
    this.#bytes -= entryBytes + (holders === 0 ? message.bytes : 0);
  }
}
