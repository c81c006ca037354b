import { ClientError } from '../errors.ts';
import { type Signal, State } from '../signal.ts';
import type { Change, Storage } from '../storage.ts';
import { Board } from '../tabs/board.ts';
import type { Tabs } from '../tabs.ts';
import type { Transport } from '../transport.ts';
import { Batch } from './batch.ts';
import { keyOf, nameOf, newId, type OutboxEntry, type Outgoing, type Place } from './entry.ts';
import { Leaving } from './leaving.ts';
import type { News } from './news.ts';
import { type Schedule, scheduleByTimer } from './pause.ts';
import { Queue } from './queue.ts';
import { Sender } from './sender.ts';
import { Waiters } from './waiters.ts';

export interface OutboxOptions {
  /** Whose messages these are. Those of others in the same storage are left alone. */
  readonly uid: string;
  readonly storage: Pick<Storage, 'get' | 'range' | 'write'>;
  readonly tabs: Tabs;
  readonly transport: Pick<Transport, 'state' | 'publish'>;
  /** Something of this conversation's entries has changed: look at `of`. */
  readonly onChange?: (conv: string) => void;
  /**
   * In the tab that learns it first: the server has stored it. Called before the entry goes and before `onChange`; what it
   * answers is written together with the removal.
   */
  readonly onStored?: (entry: OutboxEntry, place: Place) => readonly Change[];
  /** The storage failed in the background. The message is sent all the same, later perhaps once more under its id. */
  readonly onError?: (error: Error) => void;
  readonly schedule?: Schedule;
}

const deletionOf = (entry: OutboxEntry): Change => ({ table: 'outbox', key: keyOf(entry), delete: true });

/** So long a message of another tab that leads too may take before this one sends it as well. */
const takeOverMs = 10_000;

/** What `add` answers. */
export interface Added {
  readonly entry: OutboxEntry;
  /** Resolves when the server has stored it; rejects with the server's refusal, or `client.closed`, `client.signed-out`. */
  readonly stored: Promise<Place>;
}

/**
 * The messages of one user that the server has not acknowledged yet, kept in a storage that several tabs may share. The one
 * that leads sends them: each conversation's in the order of writing, each until it is answered, always under the id
 * that was kept before the first try, so that the server stores it once. An entry leaves the storage after its PUBACK.
 *
 * The order of writing is the order in the conversation, with one exception: what is refused for the time being (a rate,
 * a store that is away) may come behind those up to seven that were on the way with it.
 */
export class Outbox {
  readonly #uid: string;
  readonly #storage: Pick<Storage, 'get' | 'range'>;
  readonly #batch: Batch;
  readonly #tabs: Tabs;
  readonly #options: OutboxOptions;
  readonly #queue = new Queue();
  readonly #waiters = new Waiters();
  readonly #leaving = new Leaving();
  readonly #waiting = new State(0);
  readonly #sender: Sender;
  readonly #news: Board<News>;
  readonly #unsubscribe: readonly (() => void)[];
  readonly #opened: Promise<void>;
  readonly #schedule: Schedule;
  readonly #adding = new Map<string, Promise<Added>>();
  /** The highest number that was seen. */
  #last = 0;
  #leads = false;
  #cancelTakeOver: (() => void) | undefined;
  #ended: ClientError | undefined;

  /** Reads what waits, and sends it as soon as this one leads and is connected. */
  constructor(options: OutboxOptions) {
    const { uid, storage, tabs, transport, schedule = scheduleByTimer } = options;
    this.#uid = uid;
    this.#options = options;
    this.#storage = storage;
    this.#batch = new Batch(storage);
    this.#tabs = tabs;
    this.#schedule = schedule;
    this.#sender = new Sender(transport, schedule, {
      stored: (entry, place) => void this.#stored(entry, place),
      refused: (entry, error) => void this.#refused(entry, error),
    });
    this.#news = new Board<News>(tabs, 'outbox', uid, (news) => this.#hear(news));
    this.#unsubscribe = [
      tabs.isLeader.subscribe((leads) => {
        if (leads) void this.#look();
        else this.#follow();
      }),
      // Another tab may have been closed between its writing and its telling.
      transport.state.subscribe((state) => {
        if (state === 'online' && tabs.isLeader.value) void this.#look();
      }),
    ];
    this.#opened = this.#look();
  }

  /** Resolves when what was kept is in `of`. */
  get opened(): Promise<void> {
    return this.#opened;
  }

  /** How many are to be sent; those that failed do not count. */
  get waiting(): Signal<number> {
    return this.#waiting;
  }

  /** A conversation's entries in the order of writing; the same list until one of them changes. */
  of(conv: string): readonly OutboxEntry[] {
    return this.#queue.of(conv);
  }

  /** Those that have entries. */
  get conversations(): readonly string[] {
    return this.#queue.conversations;
  }

  /**
   * Resolves when the message is kept: from then on it is sent, also after a restart. The same id in the same conversation
   * is the same message: where it waits already, that one is answered. Rejects with `client.storage`.
   */
  async add(conv: string, outgoing: Outgoing): Promise<Added> {
    // A copy, as it will be sent: the caller may change theirs meanwhile.
    const { id = newId(), ...rest } = JSON.parse(JSON.stringify(outgoing)) as Outgoing;
    await this.#opened;
    this.#assertOpen();
    const name = nameOf({ conv, id });
    const there = this.#queue.get(name);
    if (there?.state === 'failed') await this.retry(conv, id);
    if (there !== undefined) return { entry: there, stored: this.#waiters.of(there) };
    const adding = this.#adding.get(name) ?? this.#add({ conv, id, ...rest });
    this.#adding.set(name, adding);
    return adding.finally(() => this.#adding.delete(name));
  }

  /** Sends a failed one again, under the same id. Nothing happens where it has not failed. */
  async retry(conv: string, id: string): Promise<void> {
    await this.#change(conv, id, async ({ error: _, ...failed }) => {
      const entry: OutboxEntry = { ...failed, state: 'sending' };
      await this.#batch.write([{ table: 'outbox', key: keyOf(entry), value: entry }]);
      this.#put(entry);
      this.#news.post({ what: 'retried', entry });
      this.#sender.offer(entry);
    });
  }

  /** Takes a failed one away. Nothing happens where it has not failed: it may be on its way. */
  async discard(conv: string, id: string): Promise<void> {
    await this.#change(conv, id, async (entry) => {
      await this.#batch.write([deletionOf(entry)]);
      this.#remove(entry);
      this.#news.post({ what: 'discarded', entry });
    });
  }

  /**
   * The server's event of the message is here: it is stored, also where the acknowledgement was lost. Nothing happens where
   * the entry is not here.
   */
  async settle(conv: string, id: string, place: Place): Promise<void> {
    await this.#opened;
    const entry = this.#queue.get(nameOf({ conv, id }));
    if (entry !== undefined && this.#ended === undefined) await this.#stored(entry, place);
  }

  /** On signing out: forgets all that waits, here and in the other tabs. Nothing can be added from then on. */
  async clear(): Promise<void> {
    this.#news.post({ what: 'cleared' });
    this.#forget();
    await this.#batch.drained();
    const rows = await this.#rows();
    await this.#batch.write(rows.map(deletionOf));
  }

  /** Sends nothing any more; what waits stays in the storage. Resolves when nothing is written any more. */
  async close(): Promise<void> {
    this.#end(new ClientError('client.closed', 'The client is closed; what waits is sent by the next one.'));
    await this.#batch.drained();
  }

  async #add(outgoing: Omit<Outgoing, 'id'> & { conv: string; id: string }): Promise<Added> {
    const entry: OutboxEntry = {
      ...outgoing,
      uid: this.#uid,
      n: ++this.#last,
      ts: Date.now(),
      state: 'sending',
    };
    await this.#batch.write([{ table: 'outbox', key: keyOf(entry), value: entry }]);
    const stored = this.#waiters.of(entry);
    if (this.#ended !== undefined) {
      // Kept all the same, where it was but closed.
      if (this.#ended.code !== 'client.closed') throw this.#ended;
      this.#waiters.rejectAll(this.#ended);
      return { entry, stored };
    }
    this.#put(entry);
    this.#news.post({ what: 'written', entry, isInHand: this.#leads });
    this.#sender.offer(entry);
    return { entry, stored };
  }

  /** Takes from the storage what is not known here, and drops what somebody else has dealt with. */
  async #look(): Promise<void> {
    const before = this.#queue.all();
    const endReading = this.#leaving.beginReading();
    try {
      const rows = await this.#rows();
      if (this.#ended !== undefined) return;
      for (const row of rows) {
        const name = nameOf(row);
        if (this.#queue.get(name) === undefined && !this.#leaving.has(name)) this.#put(row);
      }
      const there = new Set(rows.map(nameOf));
      for (const entry of before) {
        const name = nameOf(entry);
        // Who waits for one that is gone is told when it was sent once more, under its id.
        if (!there.has(name) && this.#queue.get(name) === entry && !this.#waiters.has(entry))
          this.#remove(entry);
      }
    } catch (error) {
      this.#tell(error);
    } finally {
      endReading();
    }
    if (this.#ended === undefined && this.#tabs.isLeader.value) this.#lead();
  }

  #lead(): void {
    if (!this.#leads) this.#news.post({ what: 'leading' });
    this.#leads = true;
    for (const entry of this.#queue.all()) if (entry.state === 'sending') this.#sender.offer(entry);
    this.#sender.turn(true);
  }

  /** Where each tab leads, one sends for another that is gone, but not what that sends itself. */
  #takeOverLater(): void {
    this.#cancelTakeOver ??= this.#schedule(() => {
      this.#cancelTakeOver = undefined;
      this.#lead();
    }, takeOverMs);
  }

  #follow(): void {
    this.#leads = false;
    this.#sender.turn(false);
  }

  async #stored({ conv, id }: OutboxEntry, place: Place): Promise<void> {
    const name = nameOf({ conv, id });
    const entry = this.#queue.get(name);
    if (entry === undefined) return;
    const left = this.#leaving.begin(name);
    this.#leaving.stored(name);
    try {
      const changes = this.#options.onStored?.(entry, place) ?? [];
      this.#remove(entry);
      await this.#batch.write([...changes, deletionOf(entry)]);
      left();
    } catch (error) {
      this.#tell(error);
    }
    this.#waiters.resolve(entry, place);
    this.#news.post({ what: 'stored', entry, place });
  }

  async #refused({ conv, id }: OutboxEntry, error: ClientError): Promise<void> {
    const entry = this.#queue.get(nameOf({ conv, id }));
    if (entry === undefined) return;
    const { code, message, retryable } = error;
    const failed: OutboxEntry = { ...entry, state: 'failed', error: { code, message, retryable } };
    this.#put(failed);
    try {
      await this.#batch.write([{ table: 'outbox', key: keyOf(failed), value: failed }]);
    } catch (failure) {
      this.#tell(failure);
    }
    // Another tab that sent it too may have had more luck.
    if (this.#queue.get(nameOf(failed)) !== failed) return;
    this.#waiters.reject(failed, error);
    this.#news.post({ what: 'failed', entry: failed });
  }

  #hear(news: News): void {
    if (this.#ended !== undefined) return;
    if (news.what === 'cleared') this.#forget();
    else if (news.what === 'leading') {
      for (const entry of this.#waiters.entries)
        this.#news.post({ what: 'written', entry, isInHand: this.#leads });
      void this.#look();
    } else this.#hearOf(news);
  }

  #hearOf(news: Extract<News, { entry: OutboxEntry }>): void {
    const { entry } = news;
    const known = this.#queue.get(nameOf(entry));
    if (news.what === 'stored' || news.what === 'discarded') {
      this.#leaving.left(nameOf(entry));
      if (known !== undefined) this.#remove(known);
      if (news.what === 'stored') {
        this.#leaving.stored(nameOf(entry));
        this.#waiters.resolve(entry, news.place);
      }
      // What this one wrote of its failing may have come after the removal.
      if (known?.state === 'failed')
        this.#batch.write([deletionOf(known)]).catch((error) => this.#tell(error));
    } else if (news.what === 'failed') {
      if (known !== undefined || !this.#leaving.isStored(nameOf(entry))) this.#put(entry);
      this.#sender.withdraw(entry);
      const { code, message, retryable } = entry.error!;
      this.#waiters.reject(entry, new ClientError(code, message, { retryable }));
    } else if (news.what === 'written' && known?.state === 'failed') {
      if (this.#leads) this.#news.post({ what: 'failed', entry: known });
    } else if (!this.#leaving.has(nameOf(entry))) {
      if (known === undefined || news.what === 'retried') this.#put(entry);
      if (!this.#leads) return;
      if (news.what === 'written' && news.isInHand) this.#takeOverLater();
      else this.#sender.offer(entry);
    }
  }

  /** Changes an entry that has failed, as it is in the storage, while no other tab changes one. */
  async #change(conv: string, id: string, change: (entry: OutboxEntry) => Promise<void>): Promise<void> {
    await this.#opened;
    await this.#tabs.exclusively(`outbox ${this.#uid}`, async () => {
      await this.#batch.drained();
      this.#assertOpen();
      const entry = this.#queue.get(nameOf({ conv, id }));
      if (entry?.state !== 'failed') return;
      const row = await this.#storage.get<OutboxEntry>('outbox', keyOf(entry));
      if (row === undefined) this.#remove(entry);
      else await change(entry);
    });
  }

  async #rows(): Promise<OutboxEntry[]> {
    const rows = await this.#storage.range<OutboxEntry>('outbox');
    return rows.filter(({ uid }) => uid === this.#uid);
  }

  #put(entry: OutboxEntry): void {
    this.#last = Math.max(this.#last, entry.n);
    this.#queue.put(entry);
    this.#changed(entry.conv);
  }

  #remove(entry: OutboxEntry): void {
    this.#queue.remove(nameOf(entry));
    this.#leaving.left(nameOf(entry));
    this.#sender.withdraw(entry);
    this.#changed(entry.conv);
  }

  #changed(conv: string): void {
    this.#waiting.set(this.#queue.waiting);
    this.#options.onChange?.(conv);
  }

  #forget(): void {
    this.#end(new ClientError('client.signed-out', 'Signed out before the message was sent.'));
    for (const entry of this.#queue.all()) this.#remove(entry);
  }

  #end(why: ClientError): void {
    if (this.#ended !== undefined) return;
    this.#ended = why;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#cancelTakeOver?.();
    this.#news.close();
    this.#sender.close();
    this.#waiters.rejectAll(why);
  }

  #assertOpen(): void {
    if (this.#ended !== undefined) throw this.#ended;
  }

  #tell(error: unknown): void {
    this.#options.onError?.(error instanceof Error ? error : new Error(String(error)));
  }
}
