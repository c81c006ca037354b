import type { ChatClient } from '../../support/chat-client.ts';
import { PersistentReceiver } from '../../support/persistent-receiver.ts';
import type { User } from '../../support/user.ts';
import { stayConnected } from './connected.ts';
import type { Synced } from './live.ts';

/** A persistent session that reconnects, to another broker, whenever its connection ends. */
export class ClusterReceiver {
  readonly kept: PersistentReceiver;
  readonly name: string;
  readonly uid: string;
  #client: ChatClient | undefined;
  #away = true;
  #running: Promise<void> = Promise.resolve();

  constructor(user: User, options: { version?: 4 | 5; clientId: string; receiveMaximum?: number }) {
    this.name = `${user.uid} ${options.clientId}`;
    this.uid = user.uid;
    this.kept = new PersistentReceiver(user, { version: 5, ...options });
  }

  /** Makes the session, and receives. */
  async start(): Promise<void> {
    await this.kept.begin();
    this.comeBack();
  }

  comeBack(): void {
    this.#away = false;
    this.#running = stayConnected(
      (connected) =>
        this.kept.run((client) => {
          this.#client = client;
          connected(client);
          if (this.#away) void client.drop();
          else if (!client.connack.sessionPresent) void this.#sync(client).catch(() => client.drop());
        }),
      () => this.#away,
    );
  }

  /** Its session is gone: what it may have missed is in sync. */
  async #sync(client: ChatClient): Promise<void> {
    for (;;) {
      const cursors = Object.fromEntries(
        [...this.kept.received].map(([conv, events]) => [conv, contiguous(events)]),
      );
      const { ok, data } = await client.request('sync', { cursors });
      if (!ok) throw new Error('no sync now');
      const { conversations, more } = data as unknown as Synced;
      for (const { events } of conversations) for (const event of events) this.kept.learn(event);
      if (!more) return;
    }
  }

  /** Its connection ends without a word; the session stays. */
  async leave(): Promise<void> {
    this.#away = true;
    await this.#client?.drop();
    await this.#running;
  }
}

/** Up to which seq it has them all. */
function contiguous(events: ReadonlyMap<number, unknown>): number {
  let seq = 0;
  while (events.has(seq + 1)) seq++;
  return seq;
}
