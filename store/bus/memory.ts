import type { Bus, BusMessage } from '../bus.ts';

/** The bus of a server that is one process: handlers are called in their order, within `publish`. */
export function createMemoryBus(onError: (error: unknown) => void): Bus {
  const handlers = new Set<(message: BusMessage) => void>();
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
    subscribe(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  };
}
