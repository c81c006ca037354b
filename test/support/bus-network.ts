import { setImmediate } from 'node:timers/promises';
import { PetrelError } from '../../schemas/errors.ts';
import type { StoredEvent } from '../../schemas/event.ts';
import type { Bus, BusEventListener, BusMessage, BusTopic } from '../../store/bus.ts';
import { destinationOf, eachTopicOf } from '../../store/state/redis/bus/channels.ts';

/** One node's bus in a network of a test; it can be cut off. */
export interface NetworkBus extends Bus {
  /** How often each topic is listened to. */
  readonly topics: ReadonlyMap<BusTopic, number>;
  /** Nothing comes here any more, and nothing can be listened to. */
  cut(): void;
  /** Things come again; the node is told that it may have missed some. */
  heal(): void;
}

/** Buses of several nodes in one process: topics, confirmations and losses as over a network, everything else at once. */
export class BusNetwork {
  readonly #nodes: NetworkNode[] = [];
  readonly onError: (error: unknown) => void;

  constructor(
    onError: (error: unknown) => void = (error) => {
      throw error;
    },
  ) {
    this.onError = onError;
  }

  node(): NetworkBus {
    const node = new NetworkNode(this);
    this.#nodes.push(node);
    return node;
  }

  send(destination: BusTopic | 'all', message: BusMessage): void {
    for (const node of this.#nodes)
      if (destination === 'all' || node.topics.has(destination)) node.hearMessage(message);
  }

  sendLoss(): void {
    for (const node of this.#nodes) node.hearLoss();
  }

  sendEvent(event: StoredEvent, rewrites: boolean): void {
    eachTopicOf(event.conv, (topic) => {
      for (const node of this.#nodes) if (node.topics.has(topic)) node.hearEvent(event, rewrites, topic);
    });
  }
}

class NetworkNode implements NetworkBus {
  readonly topics = new Map<BusTopic, number>();
  readonly #network: BusNetwork;
  readonly #handlers = new Set<(message: BusMessage) => void>();
  readonly #listeners = new Set<BusEventListener>();
  readonly #lossHandlers = new Set<() => void>();
  #isCut = false;

  constructor(network: BusNetwork) {
    this.#network = network;
  }

  cut(): void {
    this.#isCut = true;
  }

  tellLoss(): void {
    this.#network.sendLoss();
  }

  hearLoss(): void {
    if (!this.#isCut) for (const handler of this.#lossHandlers) this.#guarded(handler);
  }

  heal(): void {
    this.#isCut = false;
    for (const handler of this.#lossHandlers) handler();
  }

  hearMessage(message: BusMessage): void {
    if (!this.#isCut) for (const handler of this.#handlers) this.#guarded(() => handler(message));
  }

  hearEvent(event: StoredEvent, rewrites: boolean, topic: BusTopic): void {
    if (this.#isCut) return;
    for (const listener of this.#listeners) this.#guarded(() => listener(event, rewrites, topic));
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#network.onError(error);
    }
  }

  publish(message: BusMessage): void {
    this.#network.send(destinationOf(message), message);
  }

  publishEvent(event: StoredEvent, rewrites: boolean): void {
    this.#network.sendEvent(event, rewrites);
  }

  async flushed(): Promise<void> {
    await this.check();
  }

  async listen(topic: BusTopic): Promise<void> {
    await setImmediate();
    await this.check();
    this.topics.set(topic, (this.topics.get(topic) ?? 0) + 1);
  }

  leave(topic: BusTopic): void {
    const left = (this.topics.get(topic) ?? 0) - 1;
    if (left < 0) throw new Error(`${topic} was left more often than it was listened to`);
    if (left === 0) this.topics.delete(topic);
    else this.topics.set(topic, left);
  }

  async check(): Promise<void> {
    if (this.#isCut) throw new PetrelError('store.unavailable');
  }

  subscribe(handler: (message: BusMessage) => void): () => void {
    return added(this.#handlers, handler);
  }

  onEvent(listener: BusEventListener): () => void {
    return added(this.#listeners, listener);
  }

  onLoss(handler: () => void): () => void {
    return added(this.#lossHandlers, handler);
  }

  async close(): Promise<void> {
    this.cut();
  }
}

const added = <T>(set: Set<T>, one: T): (() => void) => {
  set.add(one);
  return () => void set.delete(one);
};
