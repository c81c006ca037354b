import type { Bus, BusEventListener, BusMessage } from '../../bus.ts';

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
    publish(message) {
      for (const handler of handlers) {
        try {
          handler(message);
        } catch (error) {
          // One subscriber's fault must not hide the message from the others.
          onError(error);
        }
      }
    },
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
    tellLoss() {
      for (const handler of lossHandlers) {
        try {
          handler();
        } catch (error) {
          onError(error);
        }
      }
    },
    onLoss: (handler) => added(lossHandlers, handler),
    check: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
