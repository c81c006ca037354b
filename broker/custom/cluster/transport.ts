import { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';
import MqEmitterRedis from 'mqemitter-redis';

/** A body as mqemitter-redis brings it. */
interface Message {
  readonly topic: string;
  readonly body: Buffer;
}

/** The part of it that is used. */
interface Emitter {
  on(topic: string, listener: (message: Message, done: () => void) => void, done: () => void): unknown;
  emit(message: Message, done?: () => void): unknown;
}

/** The one topic it carries: which of a node's subscriptions match is found on the node. */
const topic = 'custom';

/**
 * The way of bodies from node to node: mqemitter-redis, on connections that are ours. What it would publish goes into
 * the same script as the queues of sessions, so that a message is never told without being kept, nor kept without being
 * told; what it hears is the shared store's feed, which counts. It has one subscription: with one a filter Redis would compare
 * every message with all patterns, and take `[`, `?` and `*` in a filter for wildcards. Bodies are bytes, as MessagePack
 * makes null of what is undefined.
 */
export class Transport {
  readonly #emitter: Emitter;
  readonly #hears = new EventEmitter();
  #frame: Buffer | undefined;
  #heard: Buffer | undefined;

  private constructor() {
    const publish = async (_channel: string, frame: Buffer): Promise<number> => {
      this.#frame = frame;
      return 0;
    };
    const subscribe = (_channel: string, done: () => void): void => done();
    const quit = (): void => {};
    const subConn = Object.assign(this.#hears, { subscribe, psubscribe: subscribe, quit });
    const pubConn = Object.assign(new EventEmitter(), { publish, quit });
    const connections = { subConn, pubConn } as unknown as { subConn: Redis; pubConn: Redis };
    const make = MqEmitterRedis as unknown as (options: typeof connections) => Emitter;
    this.#emitter = make(connections);
  }

  static async open(): Promise<Transport> {
    const transport = new Transport();
    await new Promise<void>((resolve) => {
      const take = ({ body }: Message, done: () => void): void => {
        transport.#heard = body;
        done();
      };
      transport.#emitter.on(topic, take, resolve);
    });
    return transport;
  }

  /** The frame that carries a body; the body is its end. */
  frame(body: Buffer): Buffer {
    this.#frame = undefined;
    this.#emitter.emit({ topic, body });
    const frame = this.#frame as Buffer | undefined;
    if (frame === undefined || !frame.subarray(-body.length).equals(body)) {
      throw new Error('mqemitter-redis makes other frames than it did.');
    }
    return frame;
  }

  /** The body of a frame; undefined for one that was heard before. Throws where it is none. */
  body(frame: Buffer): Buffer | undefined {
    this.#heard = undefined;
    this.#hears.emit('messageBuffer', Buffer.from(topic), frame);
    return this.#heard;
  }
}
