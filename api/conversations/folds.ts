import { LRUCache } from 'lru-cache';
import { type ConvId, type EventDocument, eventDocument, type StoredEvent } from '../../schemas/event.ts';
import { Fold, foldInto } from '../../schemas/fold.ts';
import type { Timeline } from '../../store/timeline.ts';

/** From so many changes on, what they come to is kept in memory: the next look reads only those that are new. */
const manyChanges = 64;
/** Kept at most, counted in changes. */
const maxKept = 500_000;
/** What an event without changes costs. */
const overhead = 4;

/**
 * Shows events with what later changes made of them. A message with ten thousand reactions is folded once, and from then
 * on only with what was added.
 */
export class Folds {
  readonly #timeline: Pick<Timeline, 'changes'>;
  readonly #kept = new LRUCache<string, { readonly fold: Fold; readonly changes: number }>({
    maxSize: maxKept,
    sizeCalculation: ({ changes }) => changes + overhead,
  });

  constructor(timeline: Pick<Timeline, 'changes'>) {
    this.#timeline = timeline;
  }

  /** Events of one conversation, in seq order. */
  async show(events: readonly StoredEvent[]): Promise<EventDocument[]> {
    const [first, last] = [events[0], events.at(-1)];
    if (first === undefined || last === undefined) return [];
    const { conv } = first;
    const folds = new Map(
      events.map(({ seq }) => [seq, this.#kept.get(keyOf(conv, seq))?.fold ?? new Fold(seq)]),
    );
    const after = Math.min(...[...folds.values()].map(({ upTo }) => upTo));
    const changes = await this.#timeline.changes(conv, first.seq, last.seq, after);
    foldInto(folds, changes);
    if (changes.length >= manyChanges) this.#keep(conv, folds, changes.length);
    return events.map((event) => folds.get(event.seq)!.show(eventDocument(event)));
  }

  /** Events that may be far apart: of what lies between them nothing is read. */
  async showEach(events: readonly StoredEvent[]): Promise<EventDocument[]> {
    return (await Promise.all(events.map((event) => this.show([event])))).flat();
  }

  #keep(conv: ConvId, folds: ReadonlyMap<number, Fold>, changes: number): void {
    const each = Math.ceil(changes / folds.size);
    for (const [seq, fold] of folds) {
      const key = keyOf(conv, seq);
      const known = this.#kept.get(key)?.changes ?? 0;
      this.#kept.set(key, { fold, changes: known + each });
    }
  }
}

const keyOf = (conv: ConvId, seq: number): string => `${conv} ${seq}`;
