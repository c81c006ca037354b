import type { EventDocument } from '../../schemas/event.ts';
import { type ChatClient, eventOf, isEventTopic, jsonOf, type Notice } from './chat-client.ts';
import type { User } from './user.ts';

/** A gap notice: `from` and `to` inclusive. */
export interface Gap {
  readonly conv: string;
  readonly from: number;
  readonly to: number;
}

/** A receiver with a persistent session that keeps what it receives, as a client with a (conv, seq) store does. */
export class PersistentReceiver {
  /** conv → seq → the event. */
  readonly received = new Map<string, Map<number, EventDocument>>();
  /** Breaches of the order on one connection, or of "the same seq is the same event". */
  readonly faults: string[] = [];
  /** What it was told it would not be sent: a client asks history for it. */
  readonly gaps: Gap[] = [];
  /** Deliveries of events it had before. */
  repeats = 0;
  readonly #user: User;
  readonly #options;

  constructor(user: User, options: { version: 4 | 5; clientId: string; receiveMaximum?: number }) {
    this.#user = user;
    this.#options = { ...options, clean: false, expiry: 3600 };
  }

  /** Makes the session: what is said from now on is for it. */
  async begin(): Promise<void> {
    await (await this.#user.connect(this.#options)).disconnect();
  }

  /** Receives and acknowledges until the connection ends; `connected` is given each connection. */
  async run(connected: (client: ChatClient) => void = () => {}): Promise<void> {
    const client = await this.#user.connect(this.#options);
    connected(client);
    if (!client.connack.sessionPresent) this.faults.push('the session was lost');
    const last = new Map<string, number>();
    for (;;) {
      const packet = await client.next('publish', () => true, 3_600_000).catch(() => undefined);
      if (packet === undefined) return;
      if (isEventTopic(packet.topic)) this.#take(eventOf(packet), last);
      else this.#note(jsonOf<Notice>(packet));
    }
  }

  /** Which of the conversation's events 1 to `head` it neither has nor was told to fetch. */
  missing(conv: string, head: number): number[] {
    const events = this.received.get(conv);
    const gaps = this.gaps.filter((gap) => gap.conv === conv);
    const missing: number[] = [];
    for (let seq = 1; seq <= head; seq++)
      if (!events?.has(seq) && !gaps.some(({ from, to }) => from <= seq && seq <= to)) missing.push(seq);
    return missing;
  }

  /** It has learned of an event by another way: by history, or by sync. */
  learn(event: EventDocument): void {
    this.#keep(event);
  }

  #note(notice: Notice): void {
    if (notice.type === 'gap') this.gaps.push(notice as unknown as Gap);
  }

  #take(event: EventDocument, last: Map<string, number>): void {
    const { conv, seq } = event;
    const before = last.get(conv) ?? 0;
    if (seq <= before) this.faults.push(`${conv}: ${seq} after ${before} on one connection`);
    last.set(conv, seq);
    this.#keep(event);
  }

  #keep(event: EventDocument): void {
    const { conv, seq } = event;
    const events = this.received.get(conv) ?? new Map<number, EventDocument>();
    this.received.set(conv, events);
    const known = events.get(seq);
    if (known === undefined) events.set(seq, event);
    else {
      this.repeats++;
      if (known.id !== event.id || known.from !== event.from)
        this.faults.push(`${conv} ${seq} is ${known.from} ${known.id} and ${event.from} ${event.id}`);
    }
  }
}
