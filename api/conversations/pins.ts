import type { ConvId, EventDocument } from '../../schemas/event.ts';
import type { DirectoryMarks } from '../../store/directory.ts';
import type { Timeline } from '../../store/timeline.ts';
import type { Folds } from './folds.ts';

export interface PinReads {
  readonly directory: Pick<DirectoryMarks, 'pins'>;
  readonly timeline: Pick<Timeline, 'events'>;
  readonly folds: Folds;
}

/** A pinned message as history shows it, and who pinned it when. */
export interface PinnedEvent {
  /** The seq of the change that pinned it. */
  readonly change: number;
  readonly event: EventDocument;
}

/** Pinned messages whose pinning is below `before`, the newest first; from `since` on, and none that is recalled. */
export async function readPins(
  { directory, timeline, folds }: PinReads,
  { conv, since }: { readonly conv: ConvId; readonly since: number },
  before: number,
  limit: number,
): Promise<PinnedEvent[]> {
  const shown: PinnedEvent[] = [];
  for (let below = before; shown.length < limit; ) {
    const pins = await directory.pins(conv, below, limit);
    const visible = pins.filter(({ seq }) => seq >= since);
    const stored = await timeline.events(visible.map(({ seq }) => ({ conv, seq })));
    const events = await folds.showEach(stored.filter((event) => event !== undefined));
    const bySeq = new Map(events.map((event) => [event.seq, event]));
    for (const { seq, change, by, at } of visible) {
      const event = bySeq.get(seq);
      if (event === undefined || event.recalled === true || shown.length === limit) continue;
      shown.push({ change, event: { ...event, pinned: true, pinnedBy: by, pinnedAt: at } });
    }
    if (pins.length < limit) break;
    below = pins.at(-1)!.change;
  }
  return shown;
}
