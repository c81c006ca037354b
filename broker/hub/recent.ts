import type { ConvId } from '../../schemas/event.ts';
import type { HubEvent } from './event.ts';

/**
 * The events that sessions who fell behind have yet to get, bounded in bytes over all conversations: a session that is a
 * little behind catches up from here and not from the store. Where nobody is behind, nothing is added.
 */
export class RecentEvents {
  readonly #maxBytes: number;
  readonly #byConv = new Map<ConvId, HubEvent[]>();
  /** All events in order of arrival, from `#first` on. */
  #queue: HubEvent[] = [];
  #first = 0;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Keeps an event that some session did not get; called for each such session. */
  add(event: HubEvent): void {
    const list = this.#byConv.get(event.conv);
    const last = list?.at(-1)?.seq;
    if (last !== undefined && event.seq <= last) return;
    // What is kept of a conversation has no holes.
    if (list === undefined || last !== event.seq - 1) this.#byConv.set(event.conv, [event]);
    else list.push(event);
    event.kept = true;
    this.#queue.push(event);
    this.#bytes += event.bytes;
    while (this.#bytes > this.#maxBytes && this.#queue.length - this.#first > 1) this.#evict();
  }

  /** The events from seq `after` + 1 on, at most `limit`; undefined where they are not all here. */
  after(conv: ConvId, after: number, limit: number): HubEvent[] | undefined {
    const list = this.#byConv.get(conv);
    if (list === undefined || list.length === 0) return undefined;
    const start = after + 1 - list[0]!.seq;
    return start < 0 || start >= list.length ? undefined : list.slice(start, start + limit);
  }

  /** Forgets a conversation: nobody is behind in it any more, or one of its events was rewritten. */
  forget(conv: ConvId): void {
    this.#byConv.delete(conv);
  }

  /** Forgets all: who knows what was rewritten. */
  clear(): void {
    this.#byConv.clear();
  }

  #evict(): void {
    const event = this.#queue[this.#first]!;
    this.#first++;
    this.#bytes -= event.bytes;
    const list = this.#byConv.get(event.conv);
    if (list !== undefined && list[0] === event) {
      if (list.length === 1) this.#byConv.delete(event.conv);
      else list.shift();
    }
    if (this.#first > 4096 && this.#first * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#first);
      this.#first = 0;
    }
  }
}
