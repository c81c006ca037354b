import { setTimeout as wait } from 'node:timers/promises';
import { connect, type IClientSubscribeOptions, type MqttClient } from 'mqtt';
import { nodeKeepAliveSeconds, nodeUserName } from '../../schemas/work.ts';

export interface NodeLinkOptions {
  /** `mqtt://host:port` of the broker; undefined while there is none to go to. */
  readonly url: () => string | undefined;
  /** The own node's id. */
  readonly node: string;
  /** A token of scope `internal`, made anew for each attempt. */
  readonly token: () => Promise<string>;
  /** The link is open: subscribe, and send. */
  readonly onUp: (link: OpenLink) => void;
  readonly onMessage: (topic: string, payload: Buffer) => void;
  /** `isLost`: the broker closed it, or its process ended. */
  readonly onDown: (isLost: boolean) => void;
  /** Told why it could not be opened, or was closed. */
  readonly onError: (error: unknown) => void;
  readonly keepAliveSeconds?: number;
}

/** A link as long as it is up. */
export interface OpenLink {
  publish(topic: string, payload: Buffer): void;
  subscribe(topics: readonly string[]): void;
  unsubscribe(topics: readonly string[]): void;
}

const connectTimeoutMs = 5000;
const firstRetryMs = 100;
const maxRetryMs = 1000;
const lingerMs = 1000;

/** A connection to a broker, as another node of the cluster; made again whenever it is gone. */
export class NodeLink {
  readonly #options: NodeLinkOptions;
  #client: MqttClient | undefined;
  #timer: NodeJS.Timeout | undefined;
  #retryMs = firstRetryMs;
  #isUp = false;
  /** The other side ended the connection. */
  #isLost = false;
  /** Why the link is down was told. */
  #isTold = false;
  #isClosed = false;

  constructor(options: NodeLinkOptions) {
    this.#options = options;
    void this.#open();
  }

  async #open(): Promise<void> {
    const url = this.#options.url();
    let password: string;
    try {
      if (url === undefined) return this.#later();
      password = await this.#options.token();
    } catch (error) {
      this.#tell(error);
      return this.#later();
    }
    if (this.#isClosed) return;
    const client = connect(url, {
      protocolVersion: 5,
      clientId: this.#options.node,
      username: nodeUserName,
      password,
      clean: true,
      keepalive: this.#options.keepAliveSeconds ?? nodeKeepAliveSeconds,
      // A ping goes out whatever else is sent: its answer tells whether the broker is alive.
      reschedulePings: false,
      reconnectPeriod: 0,
      connectTimeout: connectTimeoutMs,
      resubscribe: false,
      queueQoSZero: false,
    });
    this.#client = client;
    client.on('error', (error) => this.#tell(error));
    client.on('message', (topic, payload) => this.#options.onMessage(topic, payload));
    client.on('connect', () => {
      this.#retryMs = firstRetryMs;
      this.#isUp = true;
      this.#isTold = false;
      this.#isLost = false;
      const lost = (): void => {
        this.#isLost = true;
      };
      client.stream.once('end', lost).once('error', lost);
      this.#options.onUp(openLink(client));
    });
    client.on('close', () => this.#ended(client));
  }

  #ended(client: MqttClient): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    client.end(true);
    if (this.#isUp) {
      this.#isUp = false;
      this.#options.onDown(this.#isLost);
    }
    this.#later();
  }

  /** Once, however many attempts fail. */
  #tell(error: unknown): void {
    if (this.#isTold || this.#isClosed) return;
    this.#isTold = true;
    this.#options.onError(error);
  }

  #later(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => void this.#open(), this.#retryMs).unref();
    this.#retryMs = Math.min(2 * this.#retryMs, maxRetryMs);
  }

  /** Cuts the connection; another is made. */
  cut(): void {
    this.#client?.stream?.destroy();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = undefined;
    if (client === undefined) return;
    // What was written last leaves; a broker that takes nothing more is not waited for.
    const left = client.connected ? client.endAsync() : Promise.resolve();
    const done = new AbortController();
    await Promise.race([left, wait(lingerMs, undefined, { signal: done.signal })]);
    done.abort();
    client.end(true);
    client.stream?.destroy();
  }
}

const atQos0: IClientSubscribeOptions = { qos: 0 };

const openLink = (client: MqttClient): OpenLink => ({
  publish: (topic, payload) => {
    if (client.connected) client.publish(topic, payload);
  },
  // What is not answered is seen as the end of the link.
  subscribe: (topics) => {
    if (topics.length > 0) client.subscribe([...topics], atQos0, () => {});
  },
  unsubscribe: (topics) => {
    if (topics.length > 0) client.unsubscribe([...topics], () => {});
  },
});
