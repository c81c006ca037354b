import { setTimeout } from 'node:timers/promises';
import { type Ack, type ChatClient, toAck } from '../../support/chat-client.ts';
import type { User } from '../../support/user.ts';
import { stayConnected } from './connected.ts';

/** What a sender says next; absent where it has nothing to say now. */
export type NextMessage = (number: number) => { topic: string; payload: object | string } | undefined;

/** A message and what became of it. */
export interface SentMessage {
  readonly from: string;
  /** Of the sender's messages, from 1. */
  readonly number: number;
  readonly topic: string;
  readonly payload: object | string;
  /** Whether a broker said 0x83 to it, or a connection ended before its answer. */
  sentAgain: boolean;
  /** Its answer, and when it came (ms since 1970). */
  ack?: Ack;
  ackedAt?: number;
}

export interface SenderOptions {
  readonly user: User;
  readonly clientId: string;
  readonly window: number;
  readonly perSecond: number;
  readonly next: NextMessage;
  /** Refusals that are an answer like any other; others are faults. */
  readonly accepts?: (ack: Ack) => boolean;
}

interface Outstanding {
  readonly message: SentMessage;
  messageId: number;
}

/**
 * A sender as MQTT 5 wants it: what is not acknowledged it sends again, in order, on its next connection, which is to another
 * broker; what is refused with 0x83 a little later on the same one.
 */
export class ClusterSender {
  readonly acknowledged: SentMessage[] = [];
  /** Times it was told 0x83. */
  refusals = 0;
  /** Answers that no sender should get. */
  readonly faults: string[] = [];
  readonly #options: SenderOptions;
  #outstanding: Outstanding[] = [];
  #made = 0;
  #paused = false;
  #finished = false;
  #running: Promise<void> | undefined;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = stayConnected(
      (connected) => this.#session(connected),
      () => this.#finished,
    );
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
  }

  /** What is not acknowledged now. */
  get waiting(): number {
    return this.#outstanding.length;
  }

  async end(): Promise<void> {
    this.#finished = true;
    await this.#running;
  }

  async #session(connected: (client: ChatClient) => void): Promise<void> {
    const { user, clientId, perSecond, window } = this.#options;
    const client = await user.connect({ clientId });
    client.ignores = 'publish';
    connected(client);
    for (const one of this.#outstanding) this.#send(client, one, true);
    const reading = this.#read(client);
    while (client.isOpen && !this.#finished) {
      if (!this.#paused && this.#outstanding.length < window) this.#make(client);
      await Promise.race([setTimeout(1000 / perSecond), client.closed]);
    }
    if (client.isOpen) await client.disconnect().catch(() => {});
    await reading;
  }

  async #read(client: ChatClient): Promise<void> {
    for (;;) {
      const packet = await client.next('puback', () => true, 3_600_000).catch(() => undefined);
      if (packet === undefined) return;
      const one = this.#outstanding.find(({ messageId }) => messageId === packet.messageId);
      if (one === undefined) this.faults.push(`an answer to nothing: ${packet.messageId}`);
      else this.#answered(client, one, toAck(packet));
    }
  }

  #answered(client: ChatClient, one: Outstanding, ack: Ack): void {
    const { accepts = () => false } = this.#options;
    const { message } = one;
    if (ack.reason === 0x83) {
      this.refusals++;
      one.messageId = 0;
      void setTimeout(200).then(() => {
        if (client.isOpen && this.#outstanding.includes(one)) this.#send(client, one, true);
      });
      return;
    }
    this.#outstanding = this.#outstanding.filter((other) => other !== one);
    if (ack.reason >= 0x80 && !accepts(ack))
      this.faults.push(`${message.topic} ${message.number}: ${ack.reason.toString(16)} ${ack.reasonString}`);
    Object.assign(message, { ack, ackedAt: Date.now() });
    this.acknowledged.push(message);
  }

  #make(client: ChatClient): void {
    const said = this.#options.next(this.#made + 1);
    if (said === undefined) return;
    this.#made++;
    const message = { from: this.#options.user.uid, number: this.#made, ...said, sentAgain: false };
    const one = { message, messageId: 0 };
    this.#outstanding.push(one);
    this.#send(client, one, false);
  }

  #send(client: ChatClient, one: Outstanding, again: boolean): void {
    if (again) one.message.sentAgain = true;
    one.messageId = client.post(one.message.topic, one.message.payload);
  }
}
