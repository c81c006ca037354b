import type { StoredEvent } from '../../schemas/event.ts';
import type { Range, Timeline } from '../../store/timeline.ts';

const chunk = 100;

/** Events of a range and whether it holds more in its direction. */
export interface Events {
  readonly events: readonly StoredEvent[];
  readonly more: boolean;
}

/**
 * Reads a range in pieces, and stops at `maxBytes` (with one event at least): a page of large messages is cut short
 * and says so, however many were asked for. Seq order, also with `newest`.
 */
export async function readEvents(
  timeline: Pick<Timeline, 'range'>,
  { conv, after, before, limit, newest = false }: Range,
  maxBytes: number,
): Promise<Events> {
  const found: StoredEvent[] = [];
  let bytes = 0;
  let [low, high] = [after, before];
  for (;;) {
    const wanted = Math.min(chunk, limit + 1 - found.length);
    const piece = await timeline.range({
      conv,
      after: low,
      ...(high !== undefined && { before: high }),
      limit: wanted,
      newest,
    });
    for (const event of newest ? piece.toReversed() : piece) {
      if (found.length === limit || (bytes > maxBytes && found.length > 0))
        return { events: newest ? found.reverse() : found, more: true };
      found.push(event);
      bytes += event.raw.length;
    }
    if (piece.length < wanted) return { events: newest ? found.reverse() : found, more: false };
    if (newest) high = piece[0]!.seq;
    else low = piece.at(-1)!.seq;
  }
}
