import type { ChatClient } from '../../support/chat-client.ts';
import { PersistentReceiver } from '../../support/persistent-receiver.ts';
import type { User } from '../../support/user.ts';
import { stayConnected } from './connected.ts';

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
        }),
      () => this.#away,
    );
  }

  /** Its connection ends without a word; the session stays. */
  async leave(): Promise<void> {
    this.#away = true;
    await this.#client?.drop();
    await this.#running;
  }
}
