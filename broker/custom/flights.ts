import type { Copy, CustomMessage } from './message.ts';

/** A QoS 1 or 2 delivery until its end. */
export interface Flight {
  readonly id: number;
  readonly copy: Copy;
  readonly share: string | undefined;
  /** Its entry in the journal; 0 where it has none. */
  readonly entry: number;
  /** Absent after PUBREC: only the PUBREL is repeated. */
  message: CustomMessage | undefined;
  /** Whether it went out on the present connection, and so counts in its window. */
  sent: boolean;
}

/** Deliveries that are not acknowledged yet, by packet id, in the order in which they were sent. */
export class Flights {
  readonly #flights = new Map<number, Flight>();
  #unsent: Flight[] = [];
  #bytes = 0;

  get size(): number {
    return this.#flights.size;
  }

  /** Bytes of the messages that are kept for repetition. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many still have to be repeated on this connection. */
  get unsent(): number {
    return this.#unsent.length;
  }

  has(id: number): boolean {
    return this.#flights.has(id);
  }

  get(id: number): Flight | undefined {
    return this.#flights.get(id);
  }

  list(): IterableIterator<Flight> {
    return this.#flights.values();
  }

  add(id: number, message: CustomMessage, copy: Copy, share: string | undefined, entry: number): void {
    this.#flights.set(id, { id, copy, share, entry, message, sent: true });
    this.#bytes += message.bytes;
  }

  /** A new connection: all of it has to be sent again. */
  startOver(): void {
    this.#unsent = [...this.#flights.values()];
    for (const flight of this.#unsent) flight.sent = false;
  }

  takeUnsent(): Flight {
    const flight = this.#unsent.shift()!;
    flight.sent = true;
    return flight;
  }

  /** PUBREC: the message is the receiver's now. */
  release(flight: Flight): void {
    this.#bytes -= flight.message?.bytes ?? 0;
    flight.message = undefined;
  }

  /** Answers whether the delivery counted in the window. */
  remove(id: number): boolean {
    const flight = this.#flights.get(id);
    if (flight === undefined) return false;
    this.#flights.delete(id);
    this.release(flight);
    if (!flight.sent) this.#unsent = this.#unsent.filter((other) => other !== flight);
    return flight.sent;
  }
}
