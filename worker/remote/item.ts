import type { PetrelError } from '../../schemas/errors.ts';
import type { Receiver } from '../commit.ts';
import type { Forwarded } from '../sends.ts';
import { sizeOf, type Work } from './work.ts';

/** Hears what became of a forwarding. */
export interface ForwardReceiver {
  forwarded(messages: readonly Forwarded[]): void;
  failed(error: PetrelError): void;
}

/** A piece of work costs about this much beside its bytes. */
const overheadBytes = 512;

/** A piece of work that is not answered yet. */
export class Item {
  readonly work: Work;
  readonly partition: number;
  readonly receiver: Receiver | ForwardReceiver;
  /** By a clock that never goes back, ms. */
  readonly sinceMs: number;
  /** On the wire. */
  readonly size: number;
  /** The link that it is, or was, given to; 0 while nobody holds its partition. */
  link = 0;
  /** Whether it went out on that link. */
  isSent = false;
  isDone = false;

  constructor(work: Work, partition: number, receiver: Receiver | ForwardReceiver, sinceMs: number) {
    this.work = work;
    this.partition = partition;
    this.receiver = receiver;
    this.sinceMs = sinceMs;
    this.size = sizeOf(work);
  }

  /** What it holds of the bounds. */
  get bytes(): number {
    return this.size + overheadBytes;
  }
}
