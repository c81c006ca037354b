import type { Head } from '../../schemas/event.ts';
import type { Range } from '../timeline.ts';

/** The largest seq the stores keep; what a client names beyond it is as good as the head. */
export const maxSeq = 0xffff_ffff;

/** The head of a conversation while events are put behind it; seq 0 where nothing was said yet. */
export type MutableHead = { -readonly [Member in keyof Head]: Head[Member] };

export const emptyHead = (): MutableHead => ({ seq: 0, n: 0, ts: 0 });

/** Moves the head on to the place of the next event. Seqs have no holes, n counts messages, ts never decreases. */
export function advance(head: MutableHead, counts: boolean, nowMs: number): void {
  head.seq++;
  if (counts) head.n++;
  if (nowMs > head.ts) head.ts = nowMs;
}

/** Where a cursor stands after a wish to move it: never back, never beyond the head. */
export function moved(stored: number, wish: number | undefined, headSeq: number): number {
  if (wish === undefined || !(wish > stored)) return stored;
  return Math.max(stored, Math.min(Math.floor(wish), headSeq));
}

/**
 * The seqs a range asks for, as inclusive bounds. A conversation has no holes, so the head is enough to know them;
 * undefined where there are none.
 */
export function seqsOf(
  range: Pick<Range, 'after' | 'before' | 'limit' | 'newest'>,
  headSeq: number,
): { readonly first: number; readonly last: number } | undefined {
  const lowest = Math.max(Math.floor(range.after), 0) + 1;
  const highest = Math.min(range.before === undefined ? headSeq : Math.ceil(range.before) - 1, headSeq);
  if (!(highest >= lowest)) return undefined;
  const limit = Math.min(Math.max(range.limit, 1), 1000);
  return range.newest
    ? { first: Math.max(lowest, highest - limit + 1), last: highest }
    : { first: lowest, last: Math.min(highest, lowest + limit - 1) };
}
