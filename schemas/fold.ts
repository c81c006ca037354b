import type { EventDocument, StoredEvent } from './event.ts';

interface Change {
  readonly type: string;
  /** Absent where it went with that of its recalled target. */
  readonly body?: {
    readonly target: number;
    readonly body?: Record<string, unknown>;
    readonly emoji?: string;
    readonly on?: boolean;
  };
}

/** How many users a reaction names; `reactionCounts` has how many there are. */
export const maxReactionUids = 100;
/** How many different reactions a message shows, the earliest first. */
export const maxReactions = 100;

/** What the changes made of one event, as far as they were folded in. */
export class Fold {
  /** All changes up to this seq are in. */
  upTo: number;
  #recalled = false;
  #edited: { readonly body: Record<string, unknown>; readonly ts: number } | undefined;
  #pinned = false;
  /** By emoji, in the order of reacting. */
  readonly #reactions = new Map<string, Set<string>>();

  /** Of an event nothing was folded into: what changes it has a greater seq than its own. */
  constructor(seq: number) {
    this.upTo = seq;
  }

  /** Folds a change in; what is in already is passed over. */
  apply(change: StoredEvent, { type, body }: Change): void {
    if (change.seq <= this.upTo) return;
    this.upTo = change.seq;
    if (this.#recalled || body === undefined) return;
    if (type === 'recall') this.#recall();
    else if (type === 'edit' && body.body !== undefined) this.#edited = { body: body.body, ts: change.ts };
    else if (type === 'pin') this.#pinned = body.on === true;
    else if (type === 'react' && body.emoji !== undefined)
      this.#react(body.emoji, change.from, body.on === true);
  }

  #recall(): void {
    this.#recalled = true;
    this.#edited = undefined;
    this.#pinned = false;
    this.#reactions.clear();
  }

  #react(emoji: string, uid: string, on: boolean): void {
    const uids = this.#reactions.get(emoji);
    if (on && uids === undefined) this.#reactions.set(emoji, new Set([uid]));
    else if (on) uids?.add(uid);
    else if (uids?.delete(uid) && uids.size === 0) this.#reactions.delete(emoji);
  }

  /**
   * The event as history shows it: an edited one with its latest body and `edited` (ms), a recalled one with `recalled` and
   * without a body, its reactions as `{emoji: [uid]}` and `{emoji: count}`, and `pinned` where it is.
   */
  show(event: EventDocument): EventDocument {
    // Its body is gone already, also without a recall (those of a removed user), whatever was folded in before.
    if (event.recalled === true) return event;
    if (this.#recalled) {
      const { body: _, ...rest } = event;
      return { ...rest, recalled: true } as EventDocument;
    }
    const reactions = [...this.#reactions].slice(0, maxReactions);
    return {
      ...event,
      ...(this.#edited !== undefined && { body: this.#edited.body, edited: this.#edited.ts }),
      ...(this.#pinned && { pinned: true }),
      ...(reactions.length > 0 && {
        reactions: Object.fromEntries(reactions.map(([emoji, uids]) => [emoji, firstOf(uids)])),
        reactionCounts: Object.fromEntries(reactions.map(([emoji, uids]) => [emoji, uids.size])),
      }),
    };
  }
}

function firstOf(uids: ReadonlySet<string>): string[] {
  const first: string[] = [];
  for (const uid of uids) {
    if (first.length === maxReactionUids) break;
    first.push(uid);
  }
  return first;
}

/**
 * Folds changes, in seq order, into what is known of the events; those about other events are passed over. Folding page by
 * page comes to the same as folding at once.
 */
export function foldInto(folds: ReadonlyMap<number, Fold>, changes: readonly StoredEvent[]): void {
  for (const event of changes) {
    const change = parse(event);
    const fold = change.body === undefined ? undefined : folds.get(change.body.target);
    fold?.apply(event, change);
  }
  const last = changes.at(-1);
  if (last !== undefined) for (const fold of folds.values()) fold.upTo = Math.max(fold.upTo, last.seq);
}

const parse = ({ raw }: StoredEvent): Change =>
  JSON.parse(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('utf8')) as Change;
