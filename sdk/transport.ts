import type { Signal } from './signal.ts';

export interface PublishOptions {
  /** 1 where absent. */
  readonly qos?: 0 | 1;
  readonly retain?: boolean;
}

/** The connection to the server, kept up: what the rest of a client knows of MQTT. */
export interface Transport {
  readonly state: Signal<'off' | 'connecting' | 'online' | 'offline'>;
  /** Connects, and goes on connecting after each loss, until `stop`. */
  start(): void;
  stop(): Promise<void>;
  /** Tries now instead of at the end of the pause between two tries. */
  reconnect(): void;
  /**
   * QoS 1: resolves with the user properties of the PUBACK; rejects with ClientError: the server's code where it
   * refused, `client.offline` (retryable) where the connection was not there or ended before the answer. Never sends
   * again by itself. Publishes of one call after the other arrive in that order.
   */
  publish(
    topic: string,
    payload: string | Uint8Array,
    options?: PublishOptions,
  ): Promise<Readonly<Record<string, string>>>;
  /** Rejects with the server's code where it refused the filter. Lost with the connection: subscribe again in `onConnect`. */
  subscribe(filter: string): Promise<void>;
  unsubscribe(filter: string): Promise<void>;
  /** One handler. What comes at QoS 1 is acknowledged when the promise has resolved: that is what "delivered" means. */
  onMessage(handler: (topic: string, payload: Uint8Array) => Promise<void> | undefined): void;
  /** After each CONNACK that accepts. */
  onConnect(handler: () => void): () => void;
}
