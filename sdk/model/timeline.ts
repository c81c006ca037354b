import type { Message, MessageList, MessageState } from '../types.ts';
import { applyChange, type Change, recalled } from './change.ts';
import { changeOf, type Event, erasedUid, isChange, isServers, toMessage } from './event.ts';

/** How far others have one's own messages: the greatest seq of each. */
export interface Marks {
  readonly delivered: number;
  readonly read: number;
}

/** What waits to be sent in this conversation. */
export interface Pending {
  /** Messages, in the order of their writing. */
  readonly messages: readonly Message[];
  /** Changes of messages that the server has, in the order of their making. */
  readonly changes: readonly Change[];
}

const nothing: Pending = { messages: [], changes: [] };
export const emptyList: MessageList = { items: [], hasOlder: false, isLoaded: false };

/**
 * What is loaded of one conversation: everything from some seq on, without holes, each message as later events made it.
 *
 * Guarantees: the items come to the same however the events came here, live, by pages, or again; a change costs its own
 * message and one copy of the list; what did not change is the same object as before.
 */
export class Timeline {
  readonly #uid: string;
  #marks: Marks;
  /** In the order of their seqs. */
  #messages: Message[] = [];
  /** Changes of messages that are not loaded yet, by their target, in seq order. */
  readonly #early = new Map<number, Event[]>();
  /** Whose messages were erased, and before which seq. */
  readonly #erased = new Map<string, number>();
  #from: number | undefined;
  #to = 0;
  #hasOlder = false;
  #isLoaded = false;
  #pending = nothing;
  readonly #overlays = new WeakMap<Change, { readonly message: Message; readonly result: Message }>();
  #shown: MessageList | undefined = emptyList;

  constructor(uid: string, marks: Marks) {
    this.#uid = uid;
    this.#marks = marks;
  }

  /** The first seq that is in; undefined while there is none. */
  get from(): number | undefined {
    return this.#from;
  }

  /** The last one. */
  get to(): number {
    return this.#to;
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** How many messages are in, those on their way aside. */
  get size(): number {
    return this.#messages.length;
  }

  /** The message of this seq, as the server has it. */
  at(seq: number): Message | undefined {
    const index = this.#indexOf(seq);
    return index < 0 ? undefined : this.#messages[index];
  }

  /** The newest message that is in. */
  get newest(): Message | undefined {
    return this.#messages.at(-1);
  }

  /** The newest message of this user that is in. */
  newestOf(uid: string): Message | undefined {
    return this.#messages.findLast(({ from, type }) => from === uid && !isServers(type));
  }

  /** What to show; the same object until something changes. */
  get list(): MessageList {
    this.#shown ??= { items: this.#items(), hasOlder: this.#hasOlder, isLoaded: this.#isLoaded };
    return this.#shown;
  }

  /** Newer events, in seq order; those that are in are passed over. False where they would leave a hole: nothing is taken. */
  append(events: readonly Event[]): boolean {
    const fresh = events.filter(({ seq }) => seq > this.#to || this.#from === undefined);
    const first = fresh[0];
    if (first === undefined) return true;
    // One that was empty has everything from the first on.
    const next = this.#from === undefined ? (this.#isLoaded ? 1 : first.seq) : this.#to + 1;
    if (first.seq !== next) return false;
    this.#from ??= first.seq;
    for (const event of fresh) this.#take(event);
    this.#shown = undefined;
    return true;
  }

  #take(event: Event): void {
    this.#to = event.seq;
    const erased = erasedUid(event);
    if (erased !== undefined) this.#erase(erased, event.seq);
    if (!isChange(event.type)) {
      this.#messages.push(toMessage(event, this.#stateOf(event)));
      return;
    }
    const target = changeOf(event)?.target;
    if (target === undefined) return;
    const index = this.#indexOf(target);
    if (index >= 0) this.#messages[index] = applyChange(this.#messages[index]!, event);
    else if (target < this.#from!) this.#early.set(target, [...(this.#early.get(target) ?? []), event]);
  }

  /** Older events, in seq order, that end where those that are in begin; `hasOlder`: whether there are more before them. */
  prepend(events: readonly Event[], hasOlder: boolean): boolean {
    const before = this.#from ?? Number.POSITIVE_INFINITY;
    const older = events.filter(({ seq }) => seq < before);
    const [first, last] = [older[0], older.at(-1)];
    if (last !== undefined && this.#from !== undefined && last.seq !== this.#from - 1) return false;
    const page = new Timeline(this.#uid, this.#marks);
    for (const [uid, seq] of this.#erased) page.#erased.set(uid, seq);
    page.append(older);
    for (const [target, changes] of page.#early) {
      this.#early.set(target, [...changes, ...(this.#early.get(target) ?? [])]);
    }
    this.#messages = [...page.#messages.map((message) => this.#caughtUp(message)), ...this.#messages];
    for (const [uid, seq] of page.#erased) this.#erased.set(uid, Math.max(seq, this.#erased.get(uid) ?? 0));
    this.#from = first?.seq ?? this.#from;
    this.#to = Math.max(this.#to, last?.seq ?? 0);
    this.#hasOlder = hasOlder;
    this.#isLoaded = true;
    this.#shown = undefined;
    return true;
  }

  /** A message of an older page, with what was said of it since. */
  #caughtUp(message: Message): Message {
    const { seq = 0, from, type } = message;
    const changes = this.#early.get(seq);
    this.#early.delete(seq);
    const changed = changes?.reduce<Message>(applyChange, message) ?? message;
    return !isServers(type) && seq < (this.#erased.get(from) ?? 0) ? recalled(changed) : changed;
  }

  #erase(uid: string, before: number): void {
    this.#erased.set(uid, before);
    this.#messages = this.#messages.map((message) =>
      message.from === uid && message.seq! < before && !isServers(message.type) ? recalled(message) : message,
    );
  }

  /** Marks never go back. */
  mark({ delivered, read }: Partial<Marks>): void {
    const before = this.#marks;
    const marks = {
      delivered: Math.max(before.delivered, delivered ?? 0),
      read: Math.max(before.read, read ?? 0),
    };
    if (marks.delivered === before.delivered && marks.read === before.read) return;
    this.#marks = marks;
    const top = Math.max(marks.delivered, marks.read);
    const bottom = marks.read > before.read ? before.read : before.delivered;
    for (let i = this.#above(top) - 1; i >= 0; i--) {
      const message = this.#messages[i]!;
      if (message.seq! <= bottom) break;
      const state = this.#stateOf({ from: message.from, seq: message.seq! });
      if (state === message.state) continue;
      this.#messages[i] = { ...message, state };
      this.#shown = undefined;
    }
  }

  /** What waits to be sent, instead of what waited. */
  setPending(pending: Pending): void {
    if (pending === this.#pending) return;
    this.#pending = pending;
    this.#shown = undefined;
  }

  #items(): readonly Message[] {
    const { messages, changes } = this.#pending;
    const items = this.#messages.slice();
    for (const change of changes) {
      const index = this.#indexOf(changeOf(change)?.target ?? 0);
      if (index >= 0) items[index] = this.#overlaid(items[index]!, change);
    }
    for (const message of messages) if (!this.#has(message)) items.push(message);
    return items;
  }

  /** The message with a change on its way; the same object as long as both are the same. */
  #overlaid(message: Message, change: Change): Message {
    let shown = this.#overlays.get(change);
    if (shown?.message !== message) {
      shown = { message, result: applyChange(message, change) };
      this.#overlays.set(change, shown);
    }
    return shown.result;
  }

  /** Whether the server has given back what was sent: one of the newest, with the same key. */
  #has({ key, seq }: Message): boolean {
    if (seq !== undefined) return this.#indexOf(seq) >= 0;
    for (let i = this.#messages.length - 1; i >= 0 && i >= this.#messages.length - 200; i--)
      if (this.#messages[i]!.key === key) return true;
    return false;
  }

  #stateOf({ from, seq }: { readonly from: string; readonly seq: number }): MessageState {
    if (from !== this.#uid) return 'sent';
    if (seq <= this.#marks.read) return 'read';
    return seq <= this.#marks.delivered ? 'delivered' : 'sent';
  }

  /** The place of the message with this seq, or -1. */
  #indexOf(seq: number): number {
    const index = this.#above(seq) - 1;
    return this.#messages[index]?.seq === seq ? index : -1;
  }

  /** The place of the first message with a greater seq. */
  #above(seq: number): number {
    let [low, high] = [0, this.#messages.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#messages[middle]!.seq! <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
