import { PetrelError, toPetrelError } from '../schemas/errors.ts';
import type { StoredEvent } from '../schemas/event.ts';
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
}

export interface CommitOptions {
  readonly timeline: Timeline;
  /** At most so many events travel in one batch. */
  readonly maxBatch?: number;
  /** At most so many bytes wait; beyond, the broker stops reading from senders. */
  readonly maxWaitingBytes?: number;
  readonly observer?: CommitObserver;
  readonly monotonicMs?: () => number;
}

/** A submission costs about this much beside its payload. */
const overheadBytes = 512;
const maxBatchDefault = 1024;
const earlyBatchDefault = 256;
const maxInFlight = 8;
const maxWaitingDefault = 64 * 1024 * 1024;

/**
 * Group commit: while a batch is on its way to the disk the next one fills. Results and events come in the order of
 * submission, so the acknowledgements of one connection and the seqs of one conversation do too.
 */
export class CommitQueue implements Committer {
  readonly #timeline: Timeline;
  readonly #maxBatch: number;
  readonly #earlyBatch = earlyBatchDefault;
  readonly #maxWaitingBytes: number;
  readonly #observer: CommitObserver | undefined;
  readonly #now: () => number;
  readonly #listeners: EventListener[] = [];
  #submissions: Submission[] = [];
  #receivers: Receiver[] = [];
  #waitingBytes = 0;
  #waiting = 0;
  #inFlight = 0;
  #scheduled = false;
  #relief: (() => void)[] = [];
  #idle: (() => void)[] = [];

  constructor(options: CommitOptions) {
    this.#timeline = options.timeline;
    this.#maxBatch = options.maxBatch ?? maxBatchDefault;
    this.#maxWaitingBytes = options.maxWaitingBytes ?? maxWaitingDefault;
    this.#observer = options.observer;
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
    this.#submissions.push(submission);
    this.#receivers.push(receiver);
    this.#waiting++;
    this.#waitingBytes += submission.raw.length + overheadBytes;
    // A burst does not wait for its end: the disk works on its beginning while the rest is read.
    if (this.#submissions.length >= this.#earlyBatch && this.#inFlight < maxInFlight) this.#commit();
    else if (this.#inFlight === 0 && !this.#scheduled) {
      this.#scheduled = true;
      setImmediate(this.#commit);
    }
  }

  readonly #commit = (): void => {
    this.#scheduled = false;
    if (this.#submissions.length === 0) return;
    const batch = this.#submissions.splice(0, this.#maxBatch);
    const receivers = this.#receivers.splice(0, this.#maxBatch);
    const started = this.#now();
    this.#inFlight++;
    this.#timeline.append(batch).then(
      (places) => this.#stored(batch, receivers, places, started),
      (error: unknown) => this.#failed(batch, receivers, error),
    );
  };

  #stored(
    batch: readonly Submission[],
    receivers: readonly Receiver[],
    places: readonly Appended[],
    started: number,
  ): void {
    this.#inFlight--;
    // The next batch goes to the disk while this one's answers are written.
    this.#commit();
    this.#observer?.committed(batch.length, (this.#now() - started) / 1000);
    for (let i = 0; i < batch.length; i++) {
      const submission = batch[i]!;
      const place = places[i]!;
      receivers[i]!.stored(place);
      if (!place.repeat) this.#publish(submission, place);
    }
    this.#settle(batch);
  }

  #publish({ conv, from, raw, replaces }: Submission, { seq, n, ts }: Appended): void {
    const event: StoredEvent = { conv, seq, n, ts, from, raw };
    for (const listener of this.#listeners) listener(event, replaces !== undefined);
  }

  #failed(batch: readonly Submission[], receivers: readonly Receiver[], cause: unknown): void {
    this.#inFlight--;
    const known = toPetrelError(cause);
    const error =
      known.code === 'store.unavailable' ? known : new PetrelError('store.unavailable', undefined, { cause });
    for (const receiver of receivers) receiver.failed(error);
    this.#settle(batch);
    this.#commit();
  }

  #settle(batch: readonly Submission[]): void {
    this.#waiting -= batch.length;
    for (const { raw } of batch) this.#waitingBytes -= raw.length + overheadBytes;
    if (!this.full && this.#relief.length > 0) for (const callback of this.#relief.splice(0)) callback();
    if (this.#waiting === 0) for (const callback of this.#idle.splice(0)) callback();
  }
}
