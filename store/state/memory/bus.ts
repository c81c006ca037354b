import type { Bus, BusEventListener, BusMessage } from '../../bus.ts';
import { tellEach } from '../../tell.ts';

/** The bus of a server that is one process: handlers are called in their order, within `publish`. */
export function createMemoryBus(onError: (error: unknown) => void): Bus {
  const handlers = new Set<(message: BusMessage) => void>();
  const listeners = new Set<BusEventListener>();
  const lossHandlers = new Set<() => void>();
  const added = <T>(set: Set<T>, one: T): (() => void) => {
    set.add(one);
    return () => void set.delete(one);
  };
  return {
    publish: (message) => tellEach(handlers, onError, message),
    // The way of every message: no list is made for its two arguments.
    publishEvent(event, rewrites) {
      for (const listener of listeners) {
        try {
          listener(event, rewrites);
        } catch (error) {
          onError(error);
        }
      }
    },
    flushed: () => Promise.resolve(),
    subscribe: (handler) => added(handlers, handler),
    onEvent: (listener) => added(listeners, listener),
    listen: () => Promise.resolve(),
    leave: () => {},
    tellLoss: () => tellEach(lossHandlers, onError),
    onLoss: (handler) => added(lossHandlers, handler),
    check: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
