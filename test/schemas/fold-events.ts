import { type EventDocument, eventDocument, type StoredEvent } from '../../schemas/event.ts';
import { Fold, foldInto } from '../../schemas/fold.ts';

/** The events with what all the changes at once, in seq order, make of them. */
export function foldEvents(events: readonly StoredEvent[], changes: readonly StoredEvent[]): EventDocument[] {
  const folds = new Map(events.map(({ seq }) => [seq, new Fold(seq)]));
  foldInto(folds, changes);
  return events.map((event) => folds.get(event.seq)!.show(eventDocument(event)));
}
