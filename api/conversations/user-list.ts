import type { Conv, ConvId, Head } from '../../schemas/event.ts';
import type { ConversationSettings } from '../../store/directory.ts';
import type { Listening } from './listening.ts';
import { compare, type Position } from './order.ts';
import { type Moves, Recency, type SharedHead } from './recency.ts';

/** A conversation of a user, before its details are read. */
export interface Listed {
  readonly conv: Conv;
  /** seq 0 where nothing was said yet. */
  readonly head: Head;
  /** The first seq the user may see. */
  readonly since: number;
  /** `n` before the first message that counts for the user. */
  readonly sinceN: number;
  /** Absent where the user keeps nothing about it. */
  readonly settings?: ConversationSettings | undefined;
}

export interface Entry extends Omit<Listed, 'settings'> {
  readonly head: SharedHead;
  sortedTs: number;
  /** The head's `changes` when the entry was read. */
  readonly changes: number;
}

/** Whether it is in the list of those that show, or (hidden) in the list of those that do not. */
export function isListed({ head, settings }: Pick<Listed, 'head' | 'settings'>, hidden: boolean): boolean {
  if (settings === undefined) return !hidden;
  if (settings.clearedSeq > 0 && head.n <= settings.clearedN) return false;
  return isHidden(head, settings) === hidden;
}

/** A hidden conversation shows again when there is a message after the hiding. */
export const isHidden = (head: Head | undefined, settings: ConversationSettings | undefined): boolean =>
  settings?.hiddenN !== undefined && (head?.n ?? 0) <= settings.hiddenN;

/** All conversations of one user, in memory, in the order of their newest events. */
export class UserList {
  readonly uid: string;
  readonly #entries = new Map<ConvId, Entry>();
  readonly #settings = new Map<ConvId, ConversationSettings>();
  readonly #recency = new Recency<Entry>();
  /** Entries that are not in the order yet, and those that are no longer in the list. */
  readonly #added = new Set<Entry>();
  readonly #removed = new Set<Entry>();
  /** How many moves were looked at. */
  #seen = 0;
  /** The groups have to be read again. */
  staleGroups = false;
  /** The settings about these have to be read again. */
  readonly staleSettings = new Set<ConvId>();
  /** Settles when what is being read again is there. */
  refreshing: Promise<void> | undefined;

  /** Absent in one process, where everything comes anyway. */
  readonly listening: Listening | undefined;

  constructor(uid: string, listening?: Listening) {
    this.uid = uid;
    this.listening = listening;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Whether what is known of it, its heads aside, has to be read again. */
  get stale(): boolean {
    return this.staleSettings.size > 0 || this.staleGroups;
  }

  has(conv: ConvId): boolean {
    return this.#entries.has(conv);
  }

  entries(): Iterable<Entry> {
    return this.#entries.values();
  }

  /** Puts the entry in, in place of an older one. */
  put(entry: Entry): void {
    this.remove(entry.conv.id);
    this.#entries.set(entry.conv.id, entry);
    this.#added.add(entry);
  }

  remove(conv: ConvId): void {
    const entry = this.#entries.get(conv);
    if (entry === undefined) return;
    this.#entries.delete(conv);
    if (!this.#added.delete(entry)) this.#removed.add(entry);
  }

  settingsOf(conv: ConvId): ConversationSettings | undefined {
    return this.#settings.size === 0 ? undefined : this.#settings.get(conv);
  }

  setSettings(conv: ConvId, settings: ConversationSettings | undefined): void {
    if (settings === undefined) this.#settings.delete(conv);
    else this.#settings.set(conv, settings);
  }

  /** Brings the order up to what moved since the last time, and notes where groups have to be read again. */
  catchUp(moves: Moves): void {
    const out = new Set(this.#removed);
    const into = new Set(this.#added);
    this.#removed.clear();
    this.#added.clear();
    for (const entry of this.#movedSince(moves)) {
      if (entry.changes !== entry.head.changes) this.staleGroups = true;
      if (entry.sortedTs === entry.head.ts || into.has(entry)) continue;
      out.add(entry);
      into.add(entry);
    }
    this.#seen = moves.count;
    if (out.size + into.size > 0) this.#recency.move(out, [...into], ({ head }) => head.ts);
  }

  *#movedSince(moves: Moves): Generator<Entry> {
    const moved = moves.count - this.#seen > this.#entries.size ? undefined : moves.since(this.#seen);
    if (moved === undefined) {
      yield* this.#entries.values();
      return;
    }
    for (const { conv } of moved) {
      const entry = this.#entries.get(conv);
      if (entry !== undefined) yield entry;
    }
  }

  /** Those behind a position, at most `limit`, and where the next page begins. After `catchUp`. */
  page(hidden: boolean, after: Position | undefined, limit: number): { items: Listed[]; next?: Position } {
    const items: Listed[] = [];
    let last: Position | undefined;
    for (const position of this.#from(after)) {
      const { conv, head, since, sinceN } = this.#entries.get(position.conv)!;
      const settings = this.settingsOf(position.conv);
      if (!isListed({ head, settings }, hidden)) continue;
      if (items.length === limit) return { items, next: last! };
      const { seq, n, ts } = head;
      items.push({ conv, head: { seq, n, ts }, since, sinceN, settings });
      last = position;
    }
    return { items };
  }

  *#from(after: Position | undefined): Generator<Position> {
    const fromPinned = after === undefined || after.pinned;
    if (fromPinned)
      for (const position of this.#pinned())
        if (after === undefined || compare(position, after) > 0) yield position;
    const { all } = this.#recency;
    const first = fromPinned ? 0 : this.#recency.search((entry) => compare(positionOf(entry), after) <= 0);
    for (let i = first; i < all.length; i++) {
      const entry = all[i]!;
      if (!this.settingsOf(entry.conv.id)?.pinnedAt) yield positionOf(entry);
    }
  }

  #pinned(): Position[] {
    const pinned: Position[] = [];
    for (const { conv, pinnedAt } of this.#settings.values())
      if (pinnedAt > 0 && this.#entries.has(conv)) pinned.push({ pinned: true, at: pinnedAt, conv });
    return pinned.sort(compare);
  }
}

const positionOf = ({ conv, sortedTs }: Entry): Position => ({ pinned: false, at: sortedTs, conv: conv.id });
