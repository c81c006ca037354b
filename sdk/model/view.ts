import type { OutboxEntry, Outgoing, Place } from '../outbox/entry.ts';
import { type Signal, State } from '../signal.ts';
import type { Conversation, ConversationEntry, Draft, MessageList, Sent } from '../types.ts';
import { applyChange } from './change.ts';
import { parseConv } from './conv.ts';
import type { Event } from './event.ts';
import { Overlay } from './overlay.ts';
import type { Page } from './pages.ts';
import type { ConversationRecord } from './record.ts';
import { emptyList, Timeline } from './timeline.ts';

/** How many are wanted when a conversation is opened, and how many a page of older ones has. */
const firstPage = 60;
const olderPage = 100;
const longPage = 500;
/** What is loaded beyond is let go when nobody looks any more. */
const maxRetained = 300;

export type Settings = Parameters<Conversation['update']>[0];

/** What a conversation needs of the client that it belongs to. */
export interface ViewHost {
  readonly me: string;
  readonly isSynced: Signal<boolean>;
  readonly record: (conv: string) => ConversationRecord | undefined;
  readonly entry: (conv: string) => Signal<ConversationEntry | undefined>;
  readonly typing: (conv: string) => Signal<readonly string[]>;
  readonly before: (conv: string, seq: number, limit: number) => Promise<Page>;
  readonly outbox: {
    of(conv: string): readonly OutboxEntry[];
    add(conv: string, outgoing: Outgoing): Promise<{ entry: OutboxEntry; stored: Promise<Place> }>;
    retry(conv: string, id: string): Promise<void>;
    discard(conv: string, id: string): Promise<void>;
  };
  readonly markRead: (conv: string, seq: number | undefined) => void;
  readonly typed: (conv: string) => void;
  readonly sent: (conv: string) => void;
  readonly update: (conv: string, settings: Settings) => Promise<void>;
  readonly remove: (conv: string) => Promise<void>;
  /** The newest messages are in: who has them may be asked for. */
  readonly onLoaded: (view: ConversationView) => void;
  /** Nobody looks any more; what is loaded may be let go later. */
  readonly onClosed: (view: ConversationView) => void;
  readonly onError: (error: unknown) => void;
}

/** A conversation as a user interface has it. Loads what it shows, and keeps it current while it is open. */
export class ConversationView implements Conversation {
  readonly conv: string;
  readonly kind: 'direct' | 'group';
  readonly uid?: string;
  readonly gid?: string;
  readonly entry: Signal<ConversationEntry | undefined>;
  readonly typing: Signal<readonly string[]>;
  readonly #host: ViewHost;
  readonly #list = new State<MessageList>(emptyList);
  readonly #overlay = new Overlay();
  #timeline: Timeline | undefined;
  #opened = 0;
  /** One load at a time. */
  #loading: Promise<unknown> = Promise.resolve();
  #isStale = false;

  constructor(host: ViewHost, conv: string) {
    const { kind, uid, gid } = parseConv(conv, host.me);
    this.#host = host;
    this.conv = conv;
    this.kind = kind;
    if (uid !== undefined) this.uid = uid;
    if (gid !== undefined) this.gid = gid;
    this.entry = host.entry(conv);
    this.typing = host.typing(conv);
  }

  get messages(): Signal<MessageList> {
    return this.#list;
  }

  /** Whether anybody looks at it. */
  get isOpen(): boolean {
    return this.#opened > 0;
  }

  get timeline(): Timeline | undefined {
    return this.#timeline;
  }

  open(): () => void {
    this.#opened++;
    this.reload();
    let hasEnded = false;
    return () => {
      if (hasEnded) return;
      hasEnded = true;
      if (--this.#opened > 0) return;
      if ((this.#timeline?.size ?? 0) > maxRetained) this.drop();
      this.#host.onClosed(this);
    };
  }

  /** Loads the newest messages where that has not been done, or failed halfway. */
  reload(): void {
    if (this.#opened === 0 || (this.#timeline?.isLoaded === true && !this.#isShort)) return;
    const load = async (): Promise<void> => {
      if (this.#isShort) await this.#loadOlder(olderPage);
      else await this.#loadNewest();
    };
    void this.#inTurn(load).catch((error: unknown) => this.#host.onError(error));
  }

  /** Hardly anything is in, and there is more. */
  get #isShort(): boolean {
    const timeline = this.#timeline;
    return timeline?.list.hasOlder === true && timeline.size < firstPage / 2;
  }

  /** Lets go of what is loaded. */
  drop(): void {
    this.#timeline = undefined;
    this.#list.set(emptyList);
  }

  /** What was loaded is not joined with what is there now. */
  reset(): void {
    if (this.#timeline === undefined) return;
    this.#timeline = undefined;
    if (this.#opened > 0) this.reload();
    else this.drop();
  }

  async #loadNewest(): Promise<void> {
    const { me, record, before, isSynced, onLoaded } = this.#host;
    if (this.#opened === 0 || this.#timeline?.isLoaded === true) return;
    const found = record(this.conv);
    if (found === undefined || found.to === 0) {
      // Nothing was said there, or nothing is known of it yet; then the sync tells.
      if (!isSynced.value) return;
      this.#timeline = new Timeline(me, { delivered: 0, read: 0 });
      this.#timeline.prepend([], false);
      return this.#touch();
    }
    const timeline = new Timeline(me, { delivered: found.delivered, read: found.seen });
    this.#timeline = timeline;
    let page = await before(this.conv, found.to + 1, firstPage);
    while (this.#timeline === timeline) {
      if (!timeline.prepend(page.events, page.hasOlder)) return this.reset();
      this.#touch();
      if (!page.hasOlder || timeline.from === undefined || timeline.size >= firstPage / 2) break;
      page = await before(this.conv, timeline.from, firstPage);
    }
    if (this.#timeline === timeline) onLoaded(this);
  }

  loadOlder(limit = olderPage): Promise<void> {
    return this.#inTurn(() => this.#loadOlder(limit));
  }

  /** At least one message, where there is one: some pages have nothing but changes. */
  async #loadOlder(limit: number): Promise<void> {
    const timeline = this.#timeline;
    const size = timeline?.size ?? 0;
    while (timeline?.isLoaded && timeline.from !== undefined && timeline.list.hasOlder) {
      const page = await this.#host.before(this.conv, timeline.from, limit);
      if (this.#timeline !== timeline) return;
      if (!timeline.prepend(page.events, page.hasOlder)) return this.reset();
      this.#touch();
      if (timeline.size > size) return;
    }
  }

  async loadUpTo(seq: number): Promise<boolean> {
    for (;;) {
      const timeline = this.#timeline;
      if (timeline === undefined || timeline.from === undefined) return false;
      if (timeline.from <= seq) return timeline.at(seq) !== undefined;
      if (!timeline.list.hasOlder) return false;
      await this.loadOlder(longPage);
    }
  }

  async send(draft: Draft | string): Promise<Sent> {
    const said: Draft = typeof draft === 'string' ? { body: { text: draft } } : draft;
    const { id, type = 'text', body, replyTo, mentions } = said;
    this.#host.sent(this.conv);
    const { entry, stored } = await this.#host.outbox.add(this.conv, {
      type,
      body,
      ...(id !== undefined && { id }),
      ...(replyTo !== undefined && { replyTo }),
      ...(mentions !== undefined && mentions.length > 0 && { mentions }),
    });
    return { message: this.#overlay.messageOf(entry), stored };
  }

  edit(seq: number, body: Readonly<Record<string, unknown>>): Promise<Sent> {
    return this.#change('edit', { target: seq, body });
  }

  recall(seq: number): Promise<Sent> {
    return this.#change('recall', { target: seq });
  }

  react(seq: number, emoji: string, on: boolean): Promise<Sent> {
    return this.#change('react', { target: seq, emoji, on });
  }

  pin(seq: number, on: boolean): Promise<Sent> {
    return this.#change('pin', { target: seq, on });
  }

  async #change(type: string, body: { readonly target: number } & Record<string, unknown>): Promise<Sent> {
    const { entry, stored } = await this.#host.outbox.add(this.conv, { type, body });
    const target = this.#timeline?.at(body.target);
    const { uid, ts } = entry;
    const message =
      target === undefined
        ? this.#overlay.messageOf(entry)
        : applyChange(target, { type, from: uid, ts, body });
    return { message, stored };
  }

  retry(key: string): Promise<void> {
    return this.#host.outbox.retry(this.conv, idOf(key));
  }

  discard(key: string): Promise<void> {
    return this.#host.outbox.discard(this.conv, idOf(key));
  }

  markRead(seq?: number): void {
    this.#host.markRead(this.conv, seq);
  }

  typed(): void {
    this.#host.typed(this.conv);
  }

  update(settings: Settings): Promise<void> {
    return this.#host.update(this.conv, settings);
  }

  remove(): Promise<void> {
    return this.#host.remove(this.conv);
  }

  /** New events, behind all that were there. */
  onEvents(events: readonly Event[]): void {
    const timeline = this.#timeline;
    if (timeline === undefined) return;
    if (timeline.append(events)) this.#touch();
    else this.reset();
  }

  /** The record is another one: others may have got further. */
  onRecord({ delivered, seen }: ConversationRecord): void {
    this.#timeline?.mark({ delivered, read: seen });
    this.#touch();
  }

  /** Something in the outbox is different. */
  onOutbox(): void {
    this.#touch();
  }

  onSent(entry: OutboxEntry, place: Place): void {
    if (place.seq <= (this.#timeline?.to ?? 0)) return;
    this.#overlay.sent(entry, place);
    this.#touch();
  }

  /** Signed out: nothing is shown any more. */
  close(): void {
    this.#opened = 0;
    this.drop();
  }

  /** What changed in one turn is shown once. */
  #touch(): void {
    if (this.#isStale) return;
    this.#isStale = true;
    queueMicrotask(() => this.flush());
  }

  flush(): void {
    this.#isStale = false;
    const timeline = this.#timeline;
    if (timeline === undefined) return;
    timeline.setPending(this.#overlay.pending(this.#host.outbox.of(this.conv), timeline.to));
    this.#list.set(timeline.list);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#loading.then(work);
    this.#loading = done.catch(() => {});
    return done;
  }
}

/** `{from}/{id}`: neither has a slash. */
const idOf = (key: string): string => key.slice(key.indexOf('/') + 1);
