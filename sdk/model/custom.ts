import type { PublishOptions, Transport } from '../transport.ts';
import { matches } from './filter.ts';

type Handler = (topic: string, payload: Uint8Array) => void;

/** Topics that are an application's own. */
export class CustomTopics {
  readonly #transport: Transport;
  readonly #handlers = new Map<string, Set<Handler>>();

  constructor(transport: Transport) {
    this.#transport = transport;
    transport.onConnect(() => {
      for (const filter of this.#handlers.keys()) transport.subscribe(filter).catch(() => {});
    });
  }

  async publish(topic: string, payload: string | Uint8Array, options?: PublishOptions): Promise<void> {
    await this.#transport.publish(topic, payload, options);
  }

  /** Rejects with ClientError where the server refused, or is not there. */
  async subscribe(filter: string, handler: Handler): Promise<() => void> {
    const own: Handler = (topic, payload) => handler(topic, payload);
    await this.#transport.subscribe(filter);
    const handlers = this.#handlers.get(filter) ?? new Set();
    this.#handlers.set(filter, handlers);
    handlers.add(own);
    return () => {
      if (!handlers.delete(own) || handlers.size > 0) return;
      this.#handlers.delete(filter);
      this.#transport.unsubscribe(filter).catch(() => {});
    };
  }

  onMessage(topic: string, payload: Uint8Array): void {
    for (const [filter, handlers] of this.#handlers)
      if (matches(filter, topic)) for (const handler of [...handlers]) handler(topic, payload);
  }

  /** Nobody listens any more. */
  clear(): void {
    this.#handlers.clear();
  }
}
