import type { ClientError } from '../errors.ts';
import { nameOf, type OutboxEntry, type Place } from './entry.ts';

interface Waiter {
  readonly entry: OutboxEntry;
  readonly promise: Promise<Place>;
  readonly resolve: (place: Place) => void;
  readonly reject: (error: ClientError) => void;
}

/** Who waits in this process for what becomes of an entry. */
export class Waiters {
  readonly #byName = new Map<string, Waiter>();

  /** The same promise for the same entry. Nobody has to listen to it. */
  of(entry: OutboxEntry): Promise<Place> {
    const name = nameOf(entry);
    const there = this.#byName.get(name);
    if (there !== undefined) return there.promise;
    let settle: Pick<Waiter, 'resolve' | 'reject'> | undefined;
    const promise = new Promise<Place>((resolve, reject) => {
      settle = { resolve, reject };
    });
    promise.catch(() => {});
    this.#byName.set(name, { entry, promise, ...settle! });
    return promise;
  }

  has(entry: OutboxEntry): boolean {
    return this.#byName.has(nameOf(entry));
  }

  get entries(): OutboxEntry[] {
    return Array.from(this.#byName.values(), ({ entry }) => entry);
  }

  resolve(entry: OutboxEntry, place: Place): void {
    this.#take(entry)?.resolve(place);
  }

  reject(entry: OutboxEntry, error: ClientError): void {
    this.#take(entry)?.reject(error);
  }

  rejectAll(error: ClientError): void {
    for (const { reject } of this.#byName.values()) reject(error);
    this.#byName.clear();
  }

  #take(entry: OutboxEntry): Waiter | undefined {
    const waiter = this.#byName.get(nameOf(entry));
    this.#byName.delete(nameOf(entry));
    return waiter;
  }
}
