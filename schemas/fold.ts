import { type EventDocument, eventDocument, type StoredEvent } from './event.ts';

interface ChangeBody {
  readonly target: number;
  readonly body?: Record<string, unknown>;
  readonly emoji?: string;
  readonly on?: boolean;
}

/** What the changes made of one event. */
interface Folded {
  recalled: boolean;
  edited?: { readonly body: Record<string, unknown>; readonly ts: number };
  pinned: boolean;
  /** By emoji, in the order of reacting. */
  readonly reactions: Map<string, Set<string>>;
}

/**
 * Events as history shows them: an edited one with its latest body and `edited` (ms), a recalled one with `recalled` and
 * without a body, its reactions as `{emoji: [uid]}`, and `pinned` where it is.
 * @param events stored events
 * @param changes the change events about them, in seq order; those about other events are passed over
 */
export function foldEvents(events: readonly StoredEvent[], changes: readonly StoredEvent[]): EventDocument[] {
  const folded = new Map<number, Folded>();
  for (const change of changes) apply(folded, eventDocument(change));
  return events.map((event) => show(eventDocument(event), folded.get(event.seq)));
}

function apply(folded: Map<number, Folded>, { type, body, from, ts }: EventDocument): void {
  // A change whose body was taken out with that of its recalled target says nothing any more.
  if (body === undefined) return;
  const { target, body: latest, emoji, on } = body as unknown as ChangeBody;
  let state = folded.get(target);
  if (state === undefined) {
    state = { recalled: false, pinned: false, reactions: new Map() };
    folded.set(target, state);
  }
  if (type === 'recall') state.recalled = true;
  else if (type === 'edit' && latest !== undefined) state.edited = { body: latest, ts };
  else if (type === 'pin') state.pinned = on === true;
  else if (type === 'react' && emoji !== undefined) {
    const uids = state.reactions.get(emoji) ?? new Set();
    if (on) state.reactions.set(emoji, uids.add(from));
    else uids.delete(from);
  }
}

function show(event: EventDocument, state: Folded | undefined): EventDocument {
  if (state === undefined) return event;
  if (state.recalled) {
    const { body: _, ...rest } = event;
    return { ...rest, recalled: true } as EventDocument;
  }
  const reactions = [...state.reactions].filter(([, uids]) => uids.size > 0);
  return {
    ...event,
    ...(state.edited !== undefined && { body: state.edited.body, edited: state.edited.ts }),
    ...(state.pinned && { pinned: true }),
    ...(reactions.length > 0 && {
      reactions: Object.fromEntries(reactions.map(([emoji, uids]) => [emoji, [...uids]])),
    }),
  };
}
