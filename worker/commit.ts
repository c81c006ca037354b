import { PetrelError, toPetrelError } from '../schemas/errors.ts';
import type { ConvId, StoredEvent } from '../schemas/event.ts';
import type { Appended, Submission, Timeline } from '../store/timeline.ts';
import type { Committer, EventListener } from './committer.ts';

/** Hears what became of one submission. */
export interface Receiver {
  /** The event is durable in its place. */
  stored(place: Appended): void;
  /** Nothing is stored, or it is not known: sending it again is safe. */
  failed(error: PetrelError): void;
}

/** Plain counters, read when metrics are collected. */
export interface CommitObserver {
  committed(events: number, seconds: number): void;
  /** Told of what a receiver or a listener threw. */
  faulted(error: unknown): void;
  /** Told when the store begins to refuse, and when it works again. */
  down(cause: unknown): void;
  up(): void;
}

export interface CommitOptions {
  readonly timeline: Pick<Timeline, 'append'>;
  /** At most so many events travel in one batch. */
  readonly maxBatch?: number;
  /** At most so many bytes wait; beyond, the broker stops reading from senders. */
  readonly maxWaitingBytes?: number;
  readonly observer?: CommitObserver;
  /** Told of what was stored before: where others store too, they may not have told anyone. */
  readonly onRepeat?: (conv: ConvId, seq: number) => void;
  /** How long the store may take for a batch before it counts as down, ms. */
  readonly patienceMs?: number;
  readonly monotonicMs?: () => number;
}

/** A submission costs about this much beside its payload. */
const overheadBytes = 512;
const maxBatchDefault = 1024;
const earlyBatch = 512;
const maxInFlight = 8;
const patienceDefaultMs = 10_000;

interface Batch {
  readonly submissions: readonly Submission[];
  readonly receivers: readonly Receiver[];
  readonly startedMs: number;
  /** The receivers were told already. */
  answered: boolean;
}

const noAnswer = (): PetrelError => new PetrelError('store.unavailable', 'The store does not answer.');

const noObserver: CommitObserver = {
  committed: () => {},
  faulted: () => {},
  down: () => {},
  up: () => {},
};
const maxWaitingDefault = 64 * 1024 * 1024;

/**
 * Group commit: while a batch is on its way to the disk the next one fills. Results and events come in the order of
 * submission, so the acknowledgements of one connection and the seqs of one conversation do too.
 */
export class CommitQueue implements Committer {
  readonly #timeline: Pick<Timeline, 'append'>;
  readonly #maxBatch: number;
  readonly #maxWaitingBytes: number;
  readonly #observer: CommitObserver;
  readonly #onRepeat: ((conv: ConvId, seq: number) => void) | undefined;
  readonly #patienceMs: number;
  readonly #now: () => number;
  readonly #listeners: EventListener[] = [];
  #submissions: Submission[] = [];
  #receivers: Receiver[] = [];
  #waitingBytes = 0;
  #waiting = 0;
  readonly #inFlight = new Set<Batch>();
  #watching: NodeJS.Timeout | undefined;
  /** The store refused what it was given last. */
  #down = false;
  /** The store has not answered for too long. */
  #stalled = false;
  #scheduled = false;
  #relief: (() => void)[] = [];
  #idle: (() => void)[] = [];

  constructor(options: CommitOptions) {
    this.#timeline = options.timeline;
    this.#maxBatch = options.maxBatch ?? maxBatchDefault;
    this.#maxWaitingBytes = options.maxWaitingBytes ?? maxWaitingDefault;
    this.#observer = options.observer ?? noObserver;
    this.#onRepeat = options.onRepeat;
    this.#patienceMs = options.patienceMs ?? patienceDefaultMs;
    this.#now = options.monotonicMs ?? (() => performance.now());
  }

  onEvent(listener: EventListener): void {
    this.#listeners.push(listener);
  }

  /** Submissions that are not answered yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether senders should wait before they submit more; `whenRelieved` tells when. */
  get full(): boolean {
    return this.#waitingBytes > this.#maxWaitingBytes;
  }

  whenRelieved(callback: () => void): void {
    if (this.full) this.#relief.push(callback);
    else callback();
  }

  /** Resolves when nothing is waiting. */
  drained(): Promise<void> {
    return this.#waiting === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  submit(submission: Submission): Promise<Appended> {
    return new Promise((resolve, reject) => {
      this.submitTo(submission, { stored: resolve, failed: reject });
    });
  }

  submitTo(submission: Submission, receiver: Receiver): void {
    if (this.#stalled) {
      receiver.failed(noAnswer());
      return;
    }
    this.#submissions.push(submission);
    this.#receivers.push(receiver);
    this.#waiting++;
    this.#waitingBytes += submission.raw.length + overheadBytes;
    // A burst does not wait for its end: the disk works on its beginning while the rest is read.
    if (this.#submissions.length >= earlyBatch && this.#inFlight.size < maxInFlight) this.#commit();
    else if (this.#inFlight.size === 0 && !this.#scheduled) {
      this.#scheduled = true;
      setImmediate(this.#commit);
    }
  }

  readonly #commit = (): void => {
    this.#scheduled = false;
    if (this.#submissions.length === 0) return;
    const batch = this.#take(this.#maxBatch);
    this.#inFlight.add(batch);
    this.#watch();
    this.#timeline.append(batch.submissions).then(
      (places) => this.#stored(batch, places),
      (error: unknown) => this.#failed(batch, error),
    );
  };

  #take(count: number): Batch {
    const all = this.#submissions.length <= count;
    const submissions = all ? this.#submissions : this.#submissions.splice(0, count);
    const receivers = all ? this.#receivers : this.#receivers.splice(0, count);
    if (all) {
      this.#submissions = [];
      this.#receivers = [];
    }
    return { submissions, receivers, startedMs: this.#now(), answered: false };
  }

  #stored(batch: Batch, places: readonly Appended[]): void {
    this.#ended(batch);
    if (this.#down) this.#observer.up();
    this.#down = false;
    // The next batch goes to the disk while this one's answers are written.
    this.#commit();
    const { submissions, receivers, answered } = batch;
    this.#observer.committed(submissions.length, (this.#now() - batch.startedMs) / 1000);
    for (let i = 0; i < submissions.length; i++) {
      const place = places[i]!;
      // A fault in answering one must not keep the others from their answers.
      try {
        if (!answered) receivers[i]!.stored(place);
        if (!place.repeat) this.#publish(submissions[i]!, place);
        else this.#onRepeat?.(submissions[i]!.conv, place.seq);
      } catch (error) {
        this.#observer.faulted(error);
      }
    }
    if (!answered) this.#settle(batch);
  }

  #publish({ conv, from, raw, replaces }: Submission, { seq, n, ts, raw: stored = raw }: Appended): void {
    const event: StoredEvent = { conv, seq, n, ts, from, raw: stored };
    for (const listener of this.#listeners) listener(event, replaces !== undefined);
  }

  #failed(batch: Batch, cause: unknown): void {
    this.#ended(batch);
    const known = toPetrelError(cause);
    const error =
      known.code === 'store.unavailable' ? known : new PetrelError('store.unavailable', undefined, { cause });
    this.#refuse(batch, error);
    this.#commit();
  }

  #refuse(batch: Batch, error: PetrelError): void {
    if (!this.#down) this.#observer.down(error);
    this.#down = true;
    if (batch.answered) return;
    batch.answered = true;
    for (const receiver of batch.receivers) {
      try {
        receiver.failed(error);
      } catch (fault) {
        this.#observer.faulted(fault);
      }
    }
    this.#settle(batch);
  }

  #settle({ submissions }: Batch): void {
    this.#waiting -= submissions.length;
    for (const { raw } of submissions) this.#waitingBytes -= raw.length + overheadBytes;
    if (!this.full && this.#relief.length > 0) for (const callback of this.#relief.splice(0)) callback();
    if (this.#waiting === 0) for (const callback of this.#idle.splice(0)) callback();
  }

  #ended(batch: Batch): void {
    this.#inFlight.delete(batch);
    this.#stalled = false;
    if (this.#inFlight.size === 0) {
      clearInterval(this.#watching);
      this.#watching = undefined;
    }
  }

  /** A store that gives no answer is one that is down: what waits is refused, and what comes too until it answers. */
  #watch(): void {
    this.#watching ??= setInterval(() => {
      const [oldest] = this.#inFlight;
      if (oldest === undefined || this.#now() - oldest.startedMs < this.#patienceMs) return;
      this.#stalled = true;
      const batches = [...this.#inFlight, this.#take(this.#submissions.length)];
      for (const batch of batches) this.#refuse(batch, noAnswer());
    }, this.#patienceMs / 10).unref();
  }
}
