import { setImmediate as turn } from 'node:timers/promises';
import type { Bus, BusMessage } from '../../store/bus.ts';
import { destinationOf } from '../../store/state/redis/bus/channels.ts';

interface Listener {
  readonly topics: Map<string, number>;
  readonly handlers: Set<(message: BusMessage) => void>;
  readonly losses: Set<() => void>;
  deaf: boolean;
  arriving: Promise<void>;
}

/** A bus of several nodes in one process: what is published comes after some turns, in order, to those who listen. */
export class FakeBusWorld {
  readonly #listeners = new Map<string, Listener>();
  /** How many turns the next message needs. */
  delay: () => number = () => 0;

  node(name: string): Bus {
    const own: Listener = {
      topics: new Map(),
      handlers: new Set(),
      losses: new Set(),
      deaf: false,
      arriving: Promise.resolve(),
    };
    this.#listeners.set(name, own);
    const added = <T>(set: Set<T>, one: T) => {
      set.add(one);
      return () => void set.delete(one);
    };
    return {
      publish: (message) => {
        for (const listener of this.#listeners.values()) this.#send(listener, message);
      },
      publishEvent: () => {},
      flushed: () => Promise.resolve(),
      subscribe: (handler) => added(own.handlers, handler),
      onEvent: () => () => {},
      listen: async (topic) => {
        for (let turns = this.delay(); turns > 0; turns--) await turn();
        own.topics.set(topic, (own.topics.get(topic) ?? 0) + 1);
      },
      leave: (topic) => {
        const count = (own.topics.get(topic) ?? 1) - 1;
        if (count === 0) own.topics.delete(topic);
        else own.topics.set(topic, count);
      },
      tellLoss: () => {},
      onLoss: (handler) => added(own.losses, handler),
      check: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  }

  #send(listener: Listener, message: BusMessage): void {
    const destination = destinationOf(message);
    if (destination !== 'all' && !listener.topics.has(destination)) return;
    if (listener.deaf) return;
    const turns = this.delay();
    listener.arriving = listener.arriving.then(async () => {
      for (let left = turns; left > 0; left--) await turn();
      for (const handler of listener.handlers) handler(message);
    });
  }

  /** What is published from now on does not come to the node, until `hear` tells it of the loss. */
  deafen(name: string): void {
    this.#listeners.get(name)!.deaf = true;
  }

  hear(name: string): void {
    const listener = this.#listeners.get(name)!;
    if (!listener.deaf) return;
    listener.deaf = false;
    for (const handler of listener.losses) handler();
  }

  remove(name: string): void {
    this.#listeners.delete(name);
  }

  async arrived(): Promise<void> {
    for (const { arriving } of this.#listeners.values()) await arriving;
  }
}
