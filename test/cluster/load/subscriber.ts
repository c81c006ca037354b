import type { ChatClient } from '../../support/chat-client.ts';
import type { User } from '../../support/user.ts';
import { stayConnected } from './connected.ts';

/** A persistent session with a custom subscription that reconnects, to another broker, whenever its connection ends. */
export class CustomSubscriber {
  /** What came, by topic and payload. */
  readonly received = new Set<string>();
  readonly faults: string[] = [];
  readonly #user: User;
  readonly #filter: string;
  readonly #options = { clientId: 'custom', clean: false, expiry: 3600 };
  #client: ChatClient | undefined;
  #over = false;
  #running: Promise<void> = Promise.resolve();

  constructor(user: User, filter: string) {
    this.#user = user;
    this.#filter = filter;
  }

  async start(): Promise<void> {
    const client = await this.#user.connect(this.#options);
    const [granted] = await client.subscribe([this.#filter]);
    if (granted !== 1) throw new Error(`SUBACK ${granted}`);
    await client.disconnect();
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

  async #session(connected: (client: ChatClient) => void): Promise<void> {
    const client = await this.#user.connect(this.#options);
    this.#client = client;
    connected(client);
    if (!client.connack.sessionPresent) {
      this.faults.push('the session was lost');
      await client.subscribe([this.#filter]);
    }
    for (;;) {
      const packet = await client
        .next('publish', ({ topic }) => topic.startsWith('news/'), 3_600_000)
        .catch(() => undefined);
      if (packet === undefined) return;
      this.received.add(`${packet.topic} ${packet.payload}`);
    }
  }
}
