import { nameOf, type OutboxEntry } from './entry.ts';

/** What waits, in memory: each conversation's entries in the order of writing. */
export class Queue {
  readonly #byName = new Map<string, OutboxEntry>();
  readonly #lists = new Map<string, OutboxEntry[]>();
  /** What was given out since the last change; the same list until then. */
  readonly #given = new Map<string, readonly OutboxEntry[]>();
  #waiting = 0;

  /** How many are `sending`. */
  get waiting(): number {
    return this.#waiting;
  }

  get(name: string): OutboxEntry | undefined {
    return this.#byName.get(name);
  }

  of(conv: string): readonly OutboxEntry[] {
    const list = this.#lists.get(conv);
    if (list === undefined) return nothing;
    const given = this.#given.get(conv) ?? [...list];
    this.#given.set(conv, given);
    return given;
  }

  /** The conversations that have any. */
  get conversations(): string[] {
    return [...this.#lists.keys()];
  }

  all(): OutboxEntry[] {
    return [...this.#byName.values()];
  }

  /** Adds it, or puts it in the place of the one of that name. */
  put(entry: OutboxEntry): void {
    this.remove(nameOf(entry));
    this.#byName.set(nameOf(entry), entry);
    const list = this.#lists.get(entry.conv) ?? [];
    this.#lists.set(entry.conv, list);
    insert(list, entry);
    this.#given.delete(entry.conv);
    if (entry.state === 'sending') this.#waiting++;
  }

  remove(name: string): OutboxEntry | undefined {
    const entry = this.#byName.get(name);
    if (entry === undefined) return undefined;
    this.#byName.delete(name);
    const list = this.#lists.get(entry.conv)!;
    list.splice(list.indexOf(entry), 1);
    if (list.length === 0) this.#lists.delete(entry.conv);
    this.#given.delete(entry.conv);
    if (entry.state === 'sending') this.#waiting--;
    return entry;
  }
}

const nothing: readonly OutboxEntry[] = Object.freeze([]);

/** Into its place by the order of writing, which most often is the end. */
export function insert(list: OutboxEntry[], entry: OutboxEntry): void {
  let at = list.length;
  while (at > 0 && isBefore(entry, list[at - 1]!)) at--;
  list.splice(at, 0, entry);
}

/** Two tabs may have taken the same number. */
const isBefore = (a: OutboxEntry, b: OutboxEntry): boolean => a.n < b.n || (a.n === b.n && a.id < b.id);
