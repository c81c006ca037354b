import type { OutboxEntry, Place } from '../outbox/entry.ts';
import { Outbox } from '../outbox/outbox.ts';
import { type Signal, State } from '../signal.ts';
import type { Change, Storage } from '../storage.ts';
import { Board } from '../tabs/board.ts';
import type { Tabs } from '../tabs.ts';
import type { Transport } from '../transport.ts';
import type { ConversationEntry, Message, Notice, Presence, Profile, Status } from '../types.ts';
import { type Event, isChange, isMessage, toMessage } from './event.ts';
import type { Written } from './ingest.ts';
import { Leader } from './leader.ts';
import { Lookups } from './lookups.ts';
import type { News } from './news.ts';
import { toMessage as waitingMessage } from './overlay.ts';
import { type Page, Pages } from './pages.ts';
import { Presences } from './presences.ts';
import { Profiles } from './profiles.ts';
import { readWhole, withRead } from './reading.ts';
import type { ConversationRecord } from './record.ts';
import { Records } from './records.ts';
import type { Request } from './request.ts';
import { Settler } from './settings.ts';
import { TypingTeller, Typists } from './typing.ts';
import type { ConversationView } from './view.ts';
import { Views } from './views.ts';

const leftovers: readonly Change[] = [
  { table: 'conversations', from: [''], to: ['\uffff'], delete: true },
  { table: 'events', from: [''], to: ['\uffff'], delete: true },
  { table: 'meta', from: ['kept'], to: ['kept', '\uffff'], delete: true },
];

export interface ModelOptions {
  readonly me: string;
  readonly storage: Storage;
  readonly tabs: Tabs;
  readonly transport: Transport;
  readonly request: Request;
  readonly onMessage: (message: Message) => void;
  readonly onNotice: (notice: Notice) => void;
  readonly onError: (error: unknown) => void;
  readonly now?: () => number;
  /** From so many missing events on they are not caught up with, but loaded when somebody looks; 5,000 where absent. */
  readonly maxGap?: number;
}

/** All that one signed-in user has here, in one tab: conversations, messages, who is there. */
export class Model {
  readonly me: string;
  readonly status = new State<Status>('connecting');
  readonly isSynced = new State(false);
  readonly outbox: Outbox;
  readonly #options: ModelOptions;
  readonly #records: Records;
  readonly #pages: Pages;
  readonly #channel: Board<News>;
  readonly #typists = new Typists();
  readonly #typing: TypingTeller;
  readonly #presences: Presences;
  readonly #profiles: Profiles;
  readonly #settings: Settler;
  readonly #lookups: Lookups;
  readonly #views: Views;
  readonly #tab = String(Math.random()).slice(2);
  #ends: (() => void)[] = [];
  #leader: Leader | undefined;
  #isEnded = false;

  constructor(options: ModelOptions) {
    const { me, storage, tabs, transport, request, now = Date.now } = options;
    this.#options = options;
    this.me = me;
    this.#records = new Records(now);
    this.#pages = new Pages({ me, storage, tabs, request });
    this.#channel = new Board<News>(tabs, 'model', me, (news) => this.#hear(news));
    this.#typing = new TypingTeller((conv, on) => this.#tell({ what: 'typing', conv, on }), now);
    this.#presences = new Presences((uid, on) => this.#tell({ what: 'watch', tab: this.#tab, uid, on }));
    this.#profiles = new Profiles({ storage, request, now });
    this.#settings = new Settler({
      request,
      record: (conv) => this.#records.get(conv),
      patch: (conv, patch) => this.#tell({ what: 'patch', conv, patch }),
      shape: (shape) => this.#tell({ what: 'shape', shape }),
    });
    this.#lookups = new Lookups({
      ...{ me, request, onError: options.onError, status: this.status },
      record: (conv) => this.#records.get(conv),
      before: (...page) => this.#before(...page),
      tell: (news) => this.#tell(news),
    });
    this.outbox = new Outbox({
      uid: me,
      storage,
      tabs,
      transport,
      onChange: (conv) => this.#onOutbox(conv),
      onStored: (entry, place) => this.#onStored(entry, place),
      onError: options.onError,
    });
    this.#views = this.#createViews();
  }

  #createViews(): Views {
    return new Views({
      me: this.me,
      isSynced: this.isSynced,
      outbox: this.outbox,
      record: (id) => this.#records.get(id),
      entry: (id) => this.#records.entry(id),
      typing: (id) => this.#typists.of(id),
      before: (...page) => this.#before(...page),
      markRead: (id, seq) => this.#markRead(id, seq),
      typed: (id) => this.#typing.typed(id),
      sent: (id) => this.#typing.sent(id),
      update: (id, settings) => this.#settings.update(id, settings),
      remove: (id) => this.#remove(id),
      onLoaded: (loaded) => void this.#lookups.askReceipts(loaded),
      onError: this.#options.onError,
    });
  }

  /** Older events; what was just taken in is read too. */
  async #before(...page: Parameters<Pages['before']>): Promise<Page> {
    await this.#leader?.ingest.written;
    return this.#pages.before(...page);
  }

  get conversations(): Signal<readonly ConversationEntry[]> {
    return this.#records.list;
  }

  /** Reads what is kept, then takes part. */
  async start(): Promise<void> {
    const { me, storage, tabs, transport } = this.#options;
    await this.#restore();
    await this.outbox.opened;
    const wasListed = storage.get<boolean>('meta', ['listed', me]).catch(() => false);
    this.isSynced.set((await wasListed) === true);
    if (this.#isEnded) return;
    this.#ends = [
      tabs.isLeader.subscribe((leads) => (leads ? void this.#lead() : void this.#follow())),
      transport.state.subscribe(() => this.#onState()),
      transport.onConnect(() => this.#onConnect()),
    ];
    if (tabs.isLeader.value) await this.#lead();
    else this.#channel.post({ what: 'hello' });
    for (const conv of this.outbox.conversations) this.#onOutbox(conv);
  }

  async #restore(): Promise<void> {
    const { storage, me } = this.#options;
    const range = { from: [me], to: [me, '\uffff'] };
    const kept = await storage.range<ConversationRecord>('conversations', range).catch((error: unknown) => {
      // Then it is as on a new device.
      this.#options.onError(error);
      return [];
    });
    for (const record of kept) {
      const { to = -1 } = this.#records.get(record.conv) ?? {};
      if (record.to > to) this.#records.put(record);
    }
    this.#records.flush();
  }

  async #lead(): Promise<void> {
    const { transport, me, storage, request, onError, maxGap } = this.#options;
    if (this.#leader !== undefined) return;
    const leader = new Leader({
      ...{ me, storage, request, transport, onError },
      ...(maxGap !== undefined && { maxGap }),
      records: this.#records,
      isSynced: this.isSynced,
      onEvents: (conv, events) => this.#onEvents(conv, events),
      onReset: (conv) => this.#views.get(conv)?.reset(),
      onRecord: (record) => this.#views.get(record.conv)?.onRecord(record),
      onWritten: (written) => this.#channel.post({ what: 'written', written }),
      onNotice: (notice) => {
        this.#channel.post({ what: 'notice', notice });
        this.#onNotice(notice);
      },
      onPresence: (uid, presence) => {
        this.#channel.post({ what: 'is', uid, presence });
        this.#presences.set(uid, presence);
      },
      onUnclear: (conv) => void this.#lookups.findLast(conv),
      onSynced: () => this.#onSynced(),
    });
    this.#leader = leader;
    // What a tab of the user before still wrote when everything had been cleared.
    if (!this.isSynced.value) await storage.write(leftovers).catch(onError);
    // What the one before has written and not told of any more.
    await this.#restore();
    if (this.#leader !== leader || this.#isEnded) return;
    this.#presences.repeat();
    this.#channel.post({ what: 'leading' });
    transport.start();
    this.#onState();
  }

  async #follow(): Promise<void> {
    const leader = this.#leader;
    this.#leader = undefined;
    await this.#options.transport.stop();
    await leader?.close();
    this.#channel.post({ what: 'hello' });
  }

  /** What the transport hands over, where this one leads; undefined for topics of others. */
  onMessage(topic: string, payload: Uint8Array): Promise<void> | undefined {
    return this.#leader?.onMessage(topic, payload);
  }

  conversation(conv: string): ConversationView {
    return this.#views.of(conv);
  }

  presence(uid: string): Signal<Presence | undefined> {
    return this.#presences.of(uid);
  }

  profile(uid: string): Signal<Profile | undefined> {
    return this.#profiles.of(uid);
  }

  /** As the server has just said it: one's own, changed here. */
  tellProfile(profile: Profile): void {
    this.#profiles.tell(profile);
  }

  /** Does it where this one leads, else asks the one that does. */
  #tell(news: News): void {
    if (this.#leader !== undefined) this.#obey(this.#leader, news);
    else this.#channel.post(news);
  }

  reconnect(): void {
    if (this.#leader !== undefined) this.#options.transport.reconnect();
    else this.#channel.post({ what: 'reconnect' });
  }

  #hear(news: News): void {
    if (this.#isEnded) return;
    if (this.#leader !== undefined) this.#obey(this.#leader, news);
    else this.#learn(news);
  }

  /** What the one that leads has told. */
  #learn(news: News): void {
    if (news.what === 'written') this.#onWritten(news.written);
    else if (news.what === 'sent') this.#views.get(news.entry.conv)?.onSent(news.entry, news.place);
    else if (news.what === 'notice') this.#onNotice(news.notice);
    else if (news.what === 'is') this.#presences.set(news.uid, news.presence);
    else if (news.what === 'status') {
      if (this.status.value !== 'online' && news.status === 'online') this.#onOnline();
      if (news.status !== 'online') this.#presences.forget();
      this.status.set(news.status);
      if (news.isSynced) this.#setSynced();
    } else if (news.what === 'leading') {
      this.#presences.repeat();
      this.#channel.post({ what: 'hello' });
    }
  }

  #obey(leader: Leader, news: News): void {
    if (news.what === 'hello') this.#postStatus();
    else if (news.what === 'read') void leader.read(news.conv, news.seq, true);
    else if (news.what === 'typing') leader.typing(news.conv, news.on);
    else if (news.what === 'patch') leader.patch(news.conv, news.patch);
    else if (news.what === 'shape') leader.shape(news.shape);
    else if (news.what === 'forget') void leader.ingest.forget(news.conv);
    else if (news.what === 'watch') leader.presence.watch(news.tab, news.uid, news.on);
    else if (news.what === 'marks') leader.mark(news.conv, news);
    else if (news.what === 'reconnect') this.#options.transport.reconnect();
  }

  #onWritten({ conv, record, events, isReset }: Written): void {
    if (record === undefined) this.#records.remove(conv);
    else this.#records.put(record);
    if (isReset) this.#views.get(conv)?.reset();
    if (events !== undefined) this.#onEvents(conv, events);
    if (record !== undefined) this.#views.get(conv)?.onRecord(record);
  }

  #onEvents(conv: string, events: readonly Event[]): void {
    const { me, onMessage } = this.#options;
    this.#views.get(conv)?.onEvents(events);
    for (const event of events) {
      // The acknowledgement may have been lost.
      if (event.from === me && this.#leader !== undefined) void this.outbox.settle(conv, event.id, event);
      if (event.from === me || isChange(event.type)) continue;
      this.#typists.set(conv, event.from, false);
      if (isMessage(event.type)) onMessage(toMessage(event, 'sent'));
    }
    this.#views.get(conv)?.reload();
  }

  #onNotice(notice: Notice): void {
    const { type, conv, uid, on } = notice;
    if (type === 'typing' && typeof conv === 'string' && typeof uid === 'string' && uid !== this.#options.me)
      this.#typists.set(conv, uid, on === true);
    this.#options.onNotice(notice);
  }

  #onOutbox(conv: string): void {
    this.#views.get(conv)?.onOutbox();
    const entries = this.outbox.of(conv);
    const waiting = entries.findLast(({ type }) => !isChange(type));
    if (waiting !== undefined && this.#records.get(conv) === undefined)
      this.#tell({ what: 'patch', conv, patch: {} });
    this.#records.setWaiting(conv, waiting && waitingMessage(waiting));
    // Who asked for a change is told that it failed; there is nothing to show of it.
    for (const { type, id, state } of entries)
      if (state === 'failed' && isChange(type))
        this.outbox.discard(conv, id).catch((error: unknown) => this.#options.onError(error));
  }

  #onStored(entry: OutboxEntry, place: Place): [] {
    this.#channel.post({ what: 'sent', entry, place });
    this.#views.get(entry.conv)?.onSent(entry, place);
    this.#leader?.stored(entry, place);
    return [];
  }

  #markRead(conv: string, wanted?: number): void {
    const record = this.#records.get(conv);
    if (record === undefined) return;
    const seq = Math.min(wanted ?? record.head.seq, record.head.seq);
    if (seq <= record.read && !record.markedUnread) return;
    if (this.#leader === undefined && seq === record.head.seq)
      this.#records.put(withRead(record, readWhole(record)));
    this.#tell({ what: 'read', conv, seq });
  }

  async #remove(conv: string): Promise<void> {
    await this.#options.request('conversations.remove', { conv });
    this.#tell({ what: 'forget', conv });
  }

  #onState(): void {
    const state = this.#options.transport.state.value;
    if (this.#leader === undefined) return;
    this.status.set(state === 'off' ? 'connecting' : state);
    if (state !== 'online') this.#presences.forget();
    this.#postStatus();
  }

  #postStatus(): void {
    this.#channel.post({ what: 'status', status: this.status.value, isSynced: this.isSynced.value });
  }

  #onConnect(): void {
    this.#leader?.onConnect();
    this.#onOnline();
  }

  #onOnline(): void {
    this.#profiles.retry();
    for (const view of this.#views.open()) {
      view.reload();
      if (view.timeline?.isLoaded) void this.#lookups.askReceipts(view);
    }
  }

  #onSynced(): void {
    if (this.#isEnded) return;
    const { storage, me } = this.#options;
    void storage
      .write([{ table: 'meta', key: ['listed', me], value: true }])
      .catch((error: unknown) => this.#options.onError(error));
    this.#setSynced();
    this.#postStatus();
    this.#settings.retry([...this.#records.all()]);
  }

  #setSynced(): void {
    this.isSynced.set(true);
    for (const view of this.#views.open()) view.reload();
  }

  /** Shows nothing and takes in nothing any more. Resolves when all that came is kept. */
  async close(): Promise<void> {
    this.#isEnded = true;
    for (const end of this.#ends) end();
    this.#views.close();
    this.#records.clear();
    this.#presences.close();
    this.#typists.close();
    this.#typing.close();
    this.#profiles.close();
    this.#channel.close();
    await this.outbox.close();
    await this.#leader?.close();
  }
}
