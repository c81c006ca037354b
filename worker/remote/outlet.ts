import type { Item } from './item.ts';
import type { WorkPort } from './port.ts';
import { encodeWork } from './work.ts';

/** Until the worker says how much it takes. */
const firstCreditBytes = 1024 * 1024;
const maxUnanswered = 8192;
const maxBatchBytes = 512 * 1024;

export interface OutletOptions {
  readonly link: number;
  readonly node: string;
  readonly port: WorkPort;
  readonly monotonicMs: () => number;
}

/** What goes to one worker by one link: in order, and no more of it unanswered than the worker takes. */
export class Outlet {
  readonly #options: OutletOptions;
  #queue: Item[] = [];
  #first = 0;
  #unanswered = 0;
  #unansweredBytes = 0;
  creditBytes = firstCreditBytes;

  constructor(options: OutletOptions) {
    this.#options = options;
  }

  add(item: Item): void {
    item.link = this.#options.link;
    item.isSent = false;
    this.#queue.push(item);
  }

  /** The item was answered, given up, or goes elsewhere. */
  release(item: Item): void {
    if (!item.isSent) return;
    this.#unanswered--;
    this.#unansweredBytes -= item.bytes;
  }

  /** Forgets what has gone elsewhere, so that an item is in the queue once should it come back. */
  forget(): void {
    const { link } = this.#options;
    this.#queue = this.#queue.slice(this.#first).filter((item) => item.link === link);
    this.#first = 0;
  }

  /** Sends what may be sent now. */
  pump(): void {
    const queue = this.#queue;
    while (this.#first < queue.length) {
      const batch: Item[] = [];
      let size = 0;
      for (; this.#first < queue.length && size < maxBatchBytes; this.#first++) {
        const item = queue[this.#first]!;
        if (item.isDone) continue;
        if (!this.#takes(item)) break;
        item.isSent = true;
        this.#unanswered++;
        this.#unansweredBytes += item.bytes;
        size += item.size;
        batch.push(item);
      }
      if (batch.length === 0) break;
      this.#send(batch, size);
    }
    if (this.#first === queue.length) {
      queue.length = 0;
      this.#first = 0;
    } else if (this.#first > 1024) {
      this.#queue = queue.slice(this.#first);
      this.#first = 0;
    }
  }

  #takes(item: Item): boolean {
    // One is always taken, however large it is.
    return (
      this.#unanswered === 0 ||
      (this.#unanswered < maxUnanswered && this.#unansweredBytes + item.bytes <= this.creditBytes)
    );
  }

  #send(batch: readonly Item[], size: number): void {
    const { link, node, port, monotonicMs } = this.#options;
    const work = batch.map((item) => item.work);
    port.publish(link, batch[0]!.partition, encodeWork({ link, node, sentAtMs: monotonicMs(), work }, size));
  }
}
