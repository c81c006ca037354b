import type { Storage } from '../storage.ts';
import { changeOf, type Event, erasedUid, isMessage, withoutBody } from './event.ts';
import { eventKey } from './pages.ts';

const pageSize = 500;

/** Takes the bodies out of what is kept that this event recalls, or erases: a message and its edits, or all of a user's. */
export async function scrub(
  storage: Pick<Storage, 'range' | 'write'>,
  event: Event,
  from: number,
): Promise<void> {
  const { conv, seq } = event;
  const uid = erasedUid(event);
  const target = changeOf(event)?.target;
  const isMeant = (one: Event): boolean => {
    if (one.recalled || one.body === undefined) return false;
    if (uid !== undefined) return one.from === uid && (isMessage(one.type) || one.type === 'edit');
    return one.seq === target || (one.type === 'edit' && changeOf(one)?.target === target);
  };
  for (let first = from; first < seq; ) {
    const events = await storage.range<Event>('events', {
      from: [conv, first],
      to: [conv, seq - 1],
      limit: pageSize,
    });
    const meant = events.filter(isMeant);
    if (meant.length > 0)
      await storage.write(
        meant.map((one) => ({ table: 'events', key: eventKey(one), value: withoutBody(one) })),
      );
    if (events.length < pageSize) return;
    first = events.at(-1)!.seq + 1;
  }
}
