import { LRUCache } from 'lru-cache';
import type { ConvId } from '../schemas/event.ts';
import type { Timeline } from '../store/timeline.ts';
import { parseRaw } from './raw.ts';
import { turnOf } from './turns.ts';

interface Known {
  /** `{from} {id}` of the changes of one message. */
  readonly ids: Set<string>;
  upTo: number;
}

/** Kept at most, counted in changes. */
const maxKept = 100_000;
const overhead = 4;

/**
 * Tells whether a change that is refused now was stored before. The changes of a message are read once and then only those
 * that are new, so that refusals do not cost more the more there are.
 */
export class StoredChanges {
  readonly #timeline: Pick<Timeline, 'changes'>;
  readonly #known = new LRUCache<string, Known>({
    maxSize: maxKept,
    sizeCalculation: ({ ids }) => ids.size + overhead,
  });

  constructor(timeline: Pick<Timeline, 'changes'>) {
    this.#timeline = timeline;
  }

  async has(conv: ConvId, target: number, from: string, id: string): Promise<boolean> {
    const key = turnOf(conv, target);
    const known = this.#known.get(key) ?? { ids: new Set(), upTo: 0 };
    const changes = await this.#timeline.changes(conv, target, target, known.upTo);
    for (const change of changes) known.ids.add(`${change.from} ${parseRaw(change).id}`);
    known.upTo = Math.max(known.upTo, changes.at(-1)?.seq ?? 0);
    this.#known.set(key, known);
    return known.ids.has(`${from} ${id}`);
  }
}
