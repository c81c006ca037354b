import { Aedes, type AedesOptions, type AedesPublishPacket } from 'aedes';
import type { Properties } from '../gate/properties.ts';

/** What travels with a message beside topic and payload. */
export interface Envelope {
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  /** The session it came from. */
  readonly from: string;
  /** When it was taken, ms. */
  readonly at: number;
  readonly properties?: Properties;
}

/** A message as listeners get it: one object for all listeners of a message. Without an envelope it is aedes' own (`$SYS`). */
export interface Routed {
  readonly topic: string;
  readonly payload: Buffer;
  readonly properties?: Envelope;
}

export type Listener = (routed: Routed) => void;

/** A retained message as the persistence keeps it. */
export interface RetainedPacket {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly properties?: Envelope;
}

/** The part of an aedes persistence that is used here. */
interface RetainedPersistence {
  storeRetained(packet: RetainedPacket & { cmd: 'publish'; retain: true; dup: false }): Promise<void>;
  createRetainedStreamCombi(filters: readonly string[]): AsyncIterable<RetainedPacket>;
  destroy(): Promise<void>;
}

/** Other emitters and persistences of aedes (Redis) go in here. */
export type CoreOptions = Pick<AedesOptions, 'mq' | 'persistence' | 'id'> & {
  readonly onError: (error: unknown) => void;
};

/**
 * All contact with aedes: routing by its emitter, retained messages in its persistence. Every message goes through its
 * QoS 0 path, which neither queues nor stores: queues, windows and acknowledgements are Petrel's own, and messages keep
 * their order. Listeners return at once, so that nothing ever holds the emitter's concurrency.
 */
export class AedesCore {
  readonly #broker: Aedes;
  readonly #persistence: RetainedPersistence;

  private constructor(broker: Aedes) {
    this.#broker = broker;
    this.#persistence = (broker as unknown as { persistence: RetainedPersistence }).persistence;
  }

  static async open({ onError, ...options }: CoreOptions): Promise<AedesCore> {
    const broker = await Aedes.createBroker(options);
    (broker as NodeJS.EventEmitter).on('error', onError);
    return new AedesCore(broker);
  }

  /** Gives a message to the listeners whose filters match; with the memory emitter before it returns. */
  route(topic: string, payload: Buffer, properties?: Envelope): Promise<void> {
    const packet = { cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false, properties };
    return new Promise((resolve, reject) => {
      this.#broker.publish(packet as unknown as AedesPublishPacket, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }

  /** Calls the listener for every message that the filter matches, until the answered function is called. */
  async listen(filter: string, listener: Listener): Promise<() => Promise<void>> {
    const deliver = (packet: AedesPublishPacket, done: () => void): void => {
      listener(packet as unknown as Routed);
      done();
    };
    await new Promise<void>((resolve, reject) => {
      this.#broker.subscribe(filter, deliver, (error?: Error) => (error ? reject(error) : resolve()));
    });
    return () =>
      new Promise((resolve) => {
        this.#broker.unsubscribe(filter, deliver, () => resolve());
      });
  }

  /** Keeps a message as its topic's retained one; an empty payload removes what is kept. [MQTT-3.3.1-6] */
  storeRetained(packet: RetainedPacket): Promise<void> {
    return this.#persistence.storeRetained({ ...packet, cmd: 'publish', retain: true, dup: false });
  }

  /** Every retained message. */
  retained(): AsyncIterable<RetainedPacket> {
    return this.#persistence.createRetainedStreamCombi(['#']);
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#broker.close(resolve));
    await this.#persistence.destroy();
  }
}
