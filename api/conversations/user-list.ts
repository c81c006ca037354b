import type { Conv, ConvId, Head } from '../../schemas/event.ts';
import type { ConversationSettings } from '../../store/directory.ts';
import { compare, type Position } from './order.ts';

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

/** The newest event of a conversation; one object for all lists that have the conversation. */
export interface SharedHead {
  seq: number;
  n: number;
  ts: number;
  /** In how many lists it is. */
  lists: number;
  /** Rises when what members may see of the group changed. */
  changes: number;
}

export interface Entry extends Listed {
  readonly head: SharedHead;
  /** Where it stands in the order: the head's ts when it was put there. */
  sortedTs: number;
  /** The head's `changes` when the entry was read. */
  readonly changes: number;
}

const byTime = (a: Entry, b: Entry): number =>
  b.sortedTs - a.sortedTs || (a.conv.id < b.conv.id ? -1 : Number(a.conv.id > b.conv.id));

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
  readonly #groups = new Map<ConvId, Entry>();
  readonly #settings = new Map<ConvId, ConversationSettings>();
  #sorted: Entry[] = [];
  #added: Entry[] = [];
  #removed = false;
  /** The groups have to be read again. */
  staleGroups = false;
  /** The settings about these have to be read again. */
  readonly staleSettings = new Set<ConvId>();
  /** Settles when what is being read again is there. */
  refreshing: Promise<void> | undefined;

  constructor(uid: string) {
    this.uid = uid;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Whether what is known of it, its heads aside, has to be read again. */
  get stale(): boolean {
    return this.staleSettings.size > 0 || this.groupsStale;
  }

  get groupsStale(): boolean {
    if (this.staleGroups) return true;
    for (const { head, changes } of this.#groups.values()) if (head.changes !== changes) return true;
    return false;
  }

  has(conv: ConvId): boolean {
    return this.#entries.has(conv);
  }

  entries(): Iterable<Entry> {
    return this.#entries.values();
  }

  groups(): Entry[] {
    return [...this.#groups.values()];
  }

  /** Puts the entry in, in place of an older one. */
  put(entry: Entry): void {
    if (this.#entries.has(entry.conv.id)) this.#removed = true;
    this.#entries.set(entry.conv.id, entry);
    if (entry.conv.kind === 'group') this.#groups.set(entry.conv.id, entry);
    this.#added.push(entry);
  }

  remove(conv: ConvId): void {
    this.#entries.delete(conv);
    this.#groups.delete(conv);
    this.#removed = true;
  }

  setSettings(conv: ConvId, settings: ConversationSettings | undefined): void {
    if (settings === undefined) this.#settings.delete(conv);
    else this.#settings.set(conv, settings);
  }

  /** Every conversation, the newest first. */
  all(): Listed[] {
    return this.#inOrder().map((entry) => this.#listed(entry));
  }

  /** Those behind a position, at most `limit`, and where the next page begins. */
  page(hidden: boolean, after: Position | undefined, limit: number): { items: Listed[]; next?: Position } {
    const items: Listed[] = [];
    let last: Position | undefined;
    for (const position of this.#from(after)) {
      const listed = this.#listed(this.#entries.get(position.conv)!);
      if (!isListed(listed, hidden)) continue;
      if (items.length === limit) return { items, next: last! };
      items.push(listed);
      last = position;
    }
    return { items };
  }

  #listed(entry: Entry): Listed {
    const settings = this.#settings.size === 0 ? undefined : this.#settings.get(entry.conv.id);
    const { conv, since, sinceN } = entry;
    const { seq, n, ts } = entry.head;
    return { conv, head: { seq, n, ts }, since, sinceN, settings };
  }

  *#from(after: Position | undefined): Generator<Position> {
    if (after === undefined || after.pinned)
      for (const position of this.#pinned())
        if (after === undefined || compare(position, after) > 0) yield position;
    const sorted = this.#inOrder();
    for (let i = after === undefined || after.pinned ? 0 : behind(sorted, after); i < sorted.length; i++) {
      const { conv, sortedTs } = sorted[i]!;
      if (!this.#settings.get(conv.id)?.pinnedAt) yield { pinned: false, at: sortedTs, conv: conv.id };
    }
  }

  #pinned(): Position[] {
    const pinned: Position[] = [];
    for (const { conv, pinnedAt } of this.#settings.values())
      if (pinnedAt > 0 && this.#entries.has(conv)) pinned.push({ pinned: true, at: pinnedAt, conv });
    return pinned.sort(compare);
  }

  /** The entries by time. Few move between two looks: those are taken out and merged in again. */
  #inOrder(): readonly Entry[] {
    const moved = this.#added;
    const isKept = (entry: Entry): boolean =>
      entry.sortedTs === entry.head.ts && (!this.#removed || this.#entries.get(entry.conv.id) === entry);
    if (moved.length === 0 && this.#sorted.every(isKept)) return this.#sorted;
    this.#added = [];
    const kept: Entry[] = [];
    for (const entry of this.#sorted) {
      if (isKept(entry)) kept.push(entry);
      else if (this.#entries.get(entry.conv.id) === entry) moved.push(entry);
    }
    this.#removed = false;
    const fresh = moved.filter((entry) => this.#entries.get(entry.conv.id) === entry);
    for (const entry of fresh) entry.sortedTs = entry.head.ts;
    this.#sorted = [...fresh.sort(byTime), ...kept].sort(byTime);
    return this.#sorted;
  }
}

/** The index of the first entry behind the position. */
function behind(sorted: readonly Entry[], after: Position): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const { conv, sortedTs } = sorted[middle]!;
    if (compare({ pinned: false, at: sortedTs, conv: conv.id }, after) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}
