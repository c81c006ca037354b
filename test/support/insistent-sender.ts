import type { IPublishPacket } from 'mqtt-packet';
import { type ChatClient, textMessage, toAck } from './chat-client.ts';
import type { User } from './user.ts';

interface Outstanding {
  readonly topic: string;
  readonly id: string;
  readonly text: string;
  /** Packet id on the current connection. */
  messageId?: number;
}

/** A message whose PUBACK has come. */
export interface Acknowledged {
  readonly topic: string;
  readonly id: string;
  readonly text: string;
  /** Absent where the client's protocol does not tell. */
  readonly seq?: number;
}

/**
 * A sender as MQTT wants it: keeps a window of messages in flight, and sends again on its next connection, with the same
 * ids and in the same order, what was not acknowledged on the one before.
 */
export class InsistentSender {
  readonly acknowledged: Acknowledged[] = [];
  readonly #user: User;
  readonly #topics: readonly string[];
  readonly #window: number;
  readonly #version: 4 | 5;
  readonly #clientId: string;
  #outstanding: Outstanding[] = [];
  #made = 0;
  #stopping = false;

  constructor(
    user: User,
    {
      topics,
      window,
      version = 5,
      clientId,
    }: { topics: readonly string[]; window: number; version?: 4 | 5; clientId: string },
  ) {
    this.#user = user;
    this.#topics = topics;
    this.#window = window;
    this.#version = version;
    this.#clientId = clientId;
  }

  /** Sends until the connection ends, or until all is acknowledged once `finish` was called. */
  async run(): Promise<void> {
    const client = await this.#user.connect({ version: this.#version, clientId: this.#clientId });
    client.ignores = 'publish';
    for (const message of this.#outstanding) this.#send(client, message, true);
    while (client.isOpen) {
      while (!this.#stopping && this.#outstanding.length < this.#window)
        this.#send(client, this.#make(), false);
      if (this.#outstanding.length === 0) break;
      // A connection that ends here leaves what is outstanding to the next one.
      const packet = await client.next('puback').catch(() => undefined);
      if (packet === undefined) return;
      const at = this.#outstanding.findIndex(({ messageId }) => messageId === packet.messageId);
      const { reason, properties } = toAck(packet);
      if (reason >= 0x80 || at === -1) throw new Error(`PUBACK ${reason} ${packet.messageId}`);
      const [{ topic, id, text }] = this.#outstanding.splice(at, 1) as [Outstanding];
      const seq = properties.seq === undefined ? {} : { seq: Number(properties.seq) };
      this.acknowledged.push({ topic, id, text, ...seq });
    }
    await client.disconnect();
  }

  /** No new messages: `run` ends when the last one is acknowledged. */
  finish(): void {
    this.#stopping = true;
  }

  #make(): Outstanding {
    this.#made++;
    const topic = this.#topics[this.#made % this.#topics.length]!;
    const message = { topic, id: `${this.#clientId}-${this.#made}`, text: `message ${this.#made}` };
    this.#outstanding.push(message);
    return message;
  }

  #send(client: ChatClient, message: Outstanding, dup: boolean): void {
    const more: Partial<IPublishPacket> = { dup };
    message.messageId = client.post(message.topic, textMessage(message.id, message.text), 1, more);
  }
}
