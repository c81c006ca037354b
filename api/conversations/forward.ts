import { PetrelError } from '../../schemas/errors.ts';
import type { ConvId, EventDocument, StoredEvent } from '../../schemas/event.ts';
import { type ForwardMark, isMessage } from '../../schemas/messages.ts';
import type { Timeline } from '../../store/timeline.ts';
import type { ForwardMessage } from '../../worker/sends.ts';
import type { Folds } from './folds.ts';

/** The source of a forwarding, which the asker may read from `since` on. */
export interface ForwardSource {
  readonly conv: ConvId;
  readonly since: number;
  /** Ascending. */
  readonly seqs: readonly number[];
}

/** The messages as they are now. Throws `target.not-found` where one is not there, not a message, or recalled. */
export async function readMessages(
  { timeline, folds }: { readonly timeline: Pick<Timeline, 'events'>; readonly folds: Folds },
  { conv, since, seqs }: ForwardSource,
): Promise<EventDocument[]> {
  const found = await timeline.events(seqs.map((seq) => ({ conv, seq })));
  const stored = found.filter((event): event is StoredEvent => event !== undefined && event.seq >= since);
  if (stored.length < seqs.length) throw new PetrelError('target.not-found');
  const shown = await folds.showEach(stored);
  for (const { type, recalled, body } of shown)
    if (!isMessage(type) || recalled === true || body === undefined)
      throw new PetrelError('target.not-found');
  return shown;
}

/** Each message for itself; what was forwarded to here keeps its first author. */
export const oneByOne = (id: string, messages: readonly EventDocument[]): ForwardMessage[] =>
  messages.map((message, i) => ({
    id: i === 0 ? id : `${id}.${i + 1}`,
    type: message.type,
    body: message.body,
    forward: originOf(message),
  }));

/** All of them in one message of type `custom`, kind `forward`. */
export function merged(id: string, messages: readonly EventDocument[], title?: string): ForwardMessage {
  const items = messages.map(({ from, ts, type, body }) => ({ from, ts, type, body }));
  const body = { kind: 'forward', ...(title !== undefined && { title }), items };
  return { id, type: 'custom', body, forward: { count: items.length } };
}

function originOf({ from, ts, forward }: EventDocument): ForwardMark {
  const earlier = forward as Partial<{ from: string; ts: number }> | undefined;
  return earlier?.from === undefined || earlier.ts === undefined
    ? { from, ts }
    : { from: earlier.from, ts: earlier.ts };
}
