import type { EventDocument } from '../../../schemas/event.ts';
import { type ChatClient, eventOf, isEventTopic } from '../../support/chat-client.ts';
import type { User } from '../../support/user.ts';
import { stayConnected } from './connected.ts';

/** The answer of `sync`, as far as it is looked at. */
export interface Synced {
  readonly conversations: readonly {
    readonly conv: string;
    readonly events: readonly EventDocument[];
  }[];
  readonly more: boolean;
}

/**
 * A client without a session, which keeps what it has by itself: it asks `sync` when it connects and when it sees a seq
 * jump, as the protocol tells it to, and otherwise relies on what comes.
 */
export class LiveReceiver {
  readonly name: string;
  readonly uid: string;
  /** conv → seq → id of the event. */
  readonly received = new Map<string, Map<number, string>>();
  readonly faults: string[] = [];
  /** Seq jumps on a connection. */
  jumps = 0;
  readonly #user: User;
  readonly #contiguous = new Map<string, number>();
  #over = false;
  #client: ChatClient | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(user: User) {
    this.#user = user;
    this.uid = user.uid;
    this.name = `${user.uid} live`;
  }

  start(): void {
    this.#running = stayConnected(
      (connected) => this.#session(connected),
      () => this.#over,
    );
  }

  async end(): Promise<void> {
    this.#over = true;
    await this.#client?.drop();
    await this.#running;
  }

  missing(conv: string, head: number): number[] {
    const events = this.received.get(conv);
    return Array.from({ length: head }, (_, i) => i + 1).filter((seq) => !events?.has(seq));
  }

  async #session(connected: (client: ChatClient) => void): Promise<void> {
    const client = await this.#user.connect();
    this.#client = client;
    connected(client);
    // Sync repairs whatever it finds while it runs, and once more where something jumped meanwhile.
    let wanted = true;
    let syncing: Promise<void> | undefined;
    const repair = (): void => {
      wanted = true;
      syncing ??= (async () => {
        while (wanted) {
          wanted = false;
          await this.#sync(client);
        }
        syncing = undefined;
      })().catch(() => client.drop());
    };
    repair();
    for (;;) {
      const packet = await client
        .next('publish', ({ topic }) => !topic.startsWith('res/'), 3_600_000)
        .catch(() => undefined);
      if (packet === undefined) break;
      if (!isEventTopic(packet.topic)) continue;
      const event = eventOf(packet);
      const before = this.#contiguous.get(event.conv) ?? 0;
      this.#take(event);
      if (event.seq <= before + 1) continue;
      if (syncing === undefined) this.jumps++;
      repair();
    }
    await syncing;
  }

  async #sync(client: ChatClient): Promise<void> {
    for (;;) {
      const { ok, data } = await client.request('sync', { cursors: Object.fromEntries(this.#contiguous) });
      if (!ok) throw new Error('no sync now');
      const { conversations, more } = data as unknown as Synced;
      for (const { events } of conversations) for (const event of events) this.#take(event);
      if (!more) return;
    }
  }

  #take({ conv, seq, id, from }: EventDocument): void {
    const events = this.received.get(conv) ?? new Map<number, string>();
    this.received.set(conv, events);
    const name = `${from} ${id}`;
    const known = events.get(seq);
    if (known !== undefined && known !== name) this.faults.push(`${conv} ${seq} is ${known} and ${name}`);
    events.set(seq, name);
    let contiguous = this.#contiguous.get(conv) ?? 0;
    while (events.has(contiguous + 1)) contiguous++;
    this.#contiguous.set(conv, contiguous);
  }
}
