import type { OutboxEntry, Place } from '../outbox/entry.ts';
import type { Signal } from '../signal.ts';
import type { Storage } from '../storage.ts';
import type { Transport } from '../transport.ts';
import type { Notice, Presence } from '../types.ts';
import { marked, merged } from './advance.ts';
import { parseConv, topicOf } from './conv.ts';
import { type Event, isChange, parse } from './event.ts';
import { Ingest, type Written } from './ingest.ts';
import { noticed } from './notices.ts';
import { PresenceWatcher } from './presences.ts';
import { ReadTeller, readUpTo, readWhole, withRead } from './reading.ts';
import { type ConversationRecord, type ConversationShape, newRecord, type Patch, patched } from './record.ts';
import type { Records } from './records.ts';
import type { Request } from './request.ts';
import { Sync } from './sync.ts';

const retryMs = 3000;
const maxMine = 1000;

export interface LeaderOptions {
  readonly me: string;
  readonly records: Records;
  readonly storage: Storage;
  readonly request: Request;
  readonly transport: Transport;
  readonly onEvents: (conv: string, events: readonly Event[]) => void;
  readonly onReset: (conv: string) => void;
  readonly onRecord: (record: ConversationRecord) => void;
  readonly onWritten: (written: Written) => void;
  readonly onNotice: (notice: Notice) => void;
  readonly onPresence: (uid: string, presence: Presence | undefined) => void;
  /** The newest message of these is not known: it is to be looked for. */
  readonly onUnclear: (conv: string) => void;
  /** Whether the list was complete at any time. */
  readonly isSynced: Signal<boolean>;
  readonly onSynced: () => void;
  readonly onError: (error: unknown) => void;
  readonly maxGap?: number;
}

/** What the client that leads does for all tabs: takes in what the server sends, catches up, and tells the server. */
export class Leader {
  readonly ingest: Ingest;
  readonly presence: PresenceWatcher;
  readonly #options: LeaderOptions;
  readonly #reads: ReadTeller;
  readonly #refreshing = new Set<string>();
  /** Messages that this client has sent and the server has stored: their sender has read them. */
  readonly #mine = new Set<string>();
  #sync: Sync | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(options: LeaderOptions) {
    const { transport, me, ...rest } = options;
    this.#options = options;
    this.ingest = new Ingest({ ...rest, me, onUnknown: (conv) => void this.refresh(conv) });
    this.presence = new PresenceWatcher(transport, options.onPresence);
    this.#reads = new ReadTeller(transport, me);
  }

  onConnect(): void {
    this.presence.onConnect();
    this.#reads.tellAll();
    this.sync();
  }

  /** Catches up with the server, and tries again until that succeeds or the connection ends. */
  sync(): void {
    clearTimeout(this.#retry);
    this.#sync?.stop();
    const { me, records, request, onSynced, onUnclear, onError, transport } = this.#options;
    const sync = new Sync({
      wasListed: this.#options.isSynced.value,
      me,
      records,
      ingest: this.ingest,
      request,
      onListed: onSynced,
      onAbsent: (conv) => void this.refresh(conv),
      onUnclear,
      onReadHere: (conv, seq) => this.#reads.tell(conv, seq),
    });
    this.#sync = sync;
    sync.run().then(
      () => {
        if (this.#sync === sync) this.#sync = undefined;
      },
      (error: unknown) => {
        if (this.#sync !== sync || this.#isClosed) return;
        onError(error);
        if (transport.state.value === 'online') this.#retry = setTimeout(() => this.sync(), retryMs);
      },
    );
  }

  /** One handler for all that comes. Undefined for topics that are not the user's own. */
  onMessage(topic: string, payload: Uint8Array): Promise<void> | undefined {
    const kind = topic.slice(0, 2);
    if (kind === 'n/') {
      const notice = parse<Notice>(payload);
      if (notice !== undefined) this.#onNotice(notice);
      return Promise.resolve();
    }
    if (kind === 'u/' || kind === 'g/') {
      const event = parse<Event>(payload);
      return event?.conv === undefined ? Promise.resolve() : this.#onEvent(event);
    }
    return this.presence.onMessage(topic, payload) ? Promise.resolve() : undefined;
  }

  #onEvent(event: Event): Promise<void> {
    const { conv, seq, id, from } = event;
    const { records, me } = this.#options;
    this.#sync?.touch(conv);
    const written = this.ingest.live(event);
    if (conv.startsWith('u:')) this.presence.onMet(parseConv(conv, me).uid ?? me);
    if (from === me && records.get(conv)?.read === seq) this.#tellMine(conv, id, seq);
    return written;
  }

  #onNotice(notice: Notice): void {
    const { records, onNotice, me } = this.#options;
    const { type, conv, uid, seq, cleared, to, gid, action } = notice;
    if (typeof conv === 'string') {
      const record = records.get(conv);
      if (typeof cleared === 'number') void this.ingest.forget(conv);
      else if (record !== undefined) void this.ingest.put(noticed(record, notice, me));
      else if (type === 'conversation') void this.refresh(conv);
      if (type === 'read' && uid === me && typeof seq === 'number') void this.read(conv, seq, false);
      if (type === 'gap' && typeof to === 'number' && record !== undefined && to > record.to)
        void this.ingest.reach(conv, to);
    }
    if (type === 'group' && typeof gid === 'string') {
      if (action === 'removed' || action === 'dissolved') void this.ingest.forget(`g:${gid}`);
      else if (action === 'added') void this.refresh(`g:${gid}`);
    }
    if (type === 'friend' && action === 'accepted' && typeof uid === 'string') this.presence.onMet(uid);
    onNotice(notice);
  }

  /** Moves the read cursor on; tells the server unless that said so itself. */
  async read(conv: string, seq: number, tells: boolean): Promise<void> {
    const { records, me, storage, onError } = this.#options;
    const before = records.get(conv);
    if (before === undefined) return;
    if (tells) this.#reads.tell(conv, Math.min(seq, before.head.seq));
    if (seq >= before.head.seq) return void this.ingest.put(withRead(before, readWhole(before)));
    try {
      await this.ingest.written;
      const cursor = await readUpTo(before, seq, me, storage);
      const record = records.get(conv);
      if (cursor === undefined) await this.refresh(conv);
      else if (record !== undefined) void this.ingest.put(withRead(record, cursor));
    } catch (error) {
      onError(error);
    }
  }

  /** Asks the server how a conversation is. */
  async refresh(conv: string): Promise<void> {
    const { request, onError } = this.#options;
    if (this.#refreshing.has(conv)) return;
    this.#refreshing.add(conv);
    try {
      this.shape(await request('conversations.get', { conv }));
    } catch (error) {
      // One that was left meanwhile, or was never there.
      if ((error as { code?: unknown }).code === 'conversation.not-found') void this.ingest.forget(conv);
      else onError(error);
    } finally {
      this.#refreshing.delete(conv);
    }
  }

  /** What the server has answered about a conversation. */
  shape(shape: ConversationShape): void {
    if (this.#isClosed) return;
    const { records, me } = this.#options;
    // Out of the user's view, by another device.
    if (shape.head === null && (records.get(shape.conv)?.head.seq ?? 0) > 0)
      return void this.ingest.forget(shape.conv);
    void this.ingest.put(merged(records.get(shape.conv) ?? newRecord(shape.conv, me), shape, me));
  }

  patch(conv: string, patch: Patch): void {
    const { records, me } = this.#options;
    void this.ingest.put(patched(records.get(conv) ?? newRecord(conv, me), patch));
  }

  /** Somebody else has it up to there. */
  mark(conv: string, marks: { readonly delivered?: number; readonly seen?: number }): void {
    const record = this.#options.records.get(conv);
    if (record !== undefined) void this.ingest.put(marked(record, marks, this.#options.me));
  }

  /** The outbox's entry is stored. What follows one's own reading is read. */
  stored({ conv, id, type }: OutboxEntry, place: Place): void {
    if (isChange(type)) return;
    this.#mine.add(id);
    if (this.#mine.size > maxMine) this.#mine.delete(this.#mine.values().next().value!);
    if (this.#options.records.get(conv)?.read === place.seq) this.#tellMine(conv, id, place.seq);
  }

  #tellMine(conv: string, id: string, seq: number): void {
    if (this.#mine.delete(id)) this.#reads.tell(conv, seq);
  }

  typing(conv: string, on: boolean): void {
    const { transport, me } = this.#options;
    if (transport.state.value !== 'online') return;
    const topic = `typing/${topicOf(parseConv(conv, me))}`;
    transport.publish(topic, JSON.stringify({ on }), { qos: 0 }).catch(() => {});
  }

  /** Ends; resolves when all that was taken in is kept. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#sync?.stop();
    this.#sync = undefined;
    this.#reads.close();
    await this.ingest.close();
  }
}
