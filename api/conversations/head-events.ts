import { LRUCache } from 'lru-cache';
import { type ConvId, type EventDocument, eventDocument } from '../../schemas/event.ts';
import type { Timeline } from '../../store/timeline.ts';

const maxBytesDefault = 32 * 1024 * 1024;
/** What an object costs beside its text, and how much more than the text it is. */
const overheadBytes = 512;
const bytesPerByte = 2;

/**
 * The newest events of conversations as objects, those shown last in memory. An event that is the newest never changes:
 * what rewrites it (a recall) is a newer event.
 */
export class HeadEvents {
  readonly #timeline: Pick<Timeline, 'events'>;
  readonly #kept: LRUCache<ConvId, EventDocument>;

  constructor(timeline: Pick<Timeline, 'events'>, maxBytes = maxBytesDefault) {
    this.#timeline = timeline;
    this.#kept = new LRUCache({ maxSize: maxBytes });
  }

  /** The events at these places, each the newest of its conversation; those that are not there are missing. */
  async read(
    places: readonly { readonly conv: ConvId; readonly seq: number }[],
  ): Promise<Map<ConvId, EventDocument>> {
    const found = new Map<ConvId, EventDocument>();
    const wanted = places.filter(({ conv, seq }) => {
      const kept = this.#kept.get(conv);
      if (kept?.seq !== seq) return true;
      found.set(conv, kept);
      return false;
    });
    for (const event of await this.#timeline.events(wanted)) {
      if (event === undefined) continue;
      const document = eventDocument(event);
      found.set(event.conv, document);
      const size = overheadBytes + event.raw.length * bytesPerByte;
      // A read that took long must not put an older one in place of a newer.
      if ((this.#kept.peek(event.conv)?.seq ?? 0) < event.seq) this.#kept.set(event.conv, document, { size });
    }
    return found;
  }
}
