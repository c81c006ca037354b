import type { HubEvent } from './event.ts';

/** The lowest packet id of hub deliveries; custom topics use the ids below. */
export const firstHubId = 0x8000;
const ids = 0x8000;

/**
 * Numbers the frames of all sessions of a node: every frame has its own ordinal, whose lower bits are its packet id. One
 * ordinal serves all receivers of an event, so that the event's frame is built once.
 */
export class Ordinals {
  #last = 0;

  next(): number {
    this.#last++;
    return this.#last;
  }
}

export const packetIdOf = (ordinal: number): number => firstHubId + (ordinal % ids);

/** Hears of events that are acknowledged together with everything sent before them. */
export interface Settler {
  settle(event: HubEvent): void;
}

/**
 * What a session was sent at QoS 1 and has not acknowledged yet, oldest first: a ring that doubles up to its limit, so that
 * an idle session costs nothing. Ordinals ascend; `pop` order is delivery order, which is what makes positions contiguous.
 */
export class InFlight {
  #ordinals: number[] = [];
  /** The event of a slot; null for a notice or an answer. */
  #events: (HubEvent | null)[] = [];
  /** Whether a slot behind the first was acknowledged out of order. */
  #done: boolean[] = [];
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Whether the id of this ordinal is still in flight under an older ordinal. */
  collides(ordinal: number): boolean {
    if (this.#size === 0 || ordinal - this.#ordinals[this.#head]! < ids) return false;
    return this.#find(packetIdOf(ordinal)) !== -1;
  }

  push(ordinal: number, event: HubEvent | null): void {
    if (this.#size === this.#ordinals.length) this.#grow();
    const slot = (this.#head + this.#size) & (this.#ordinals.length - 1);
    this.#ordinals[slot] = ordinal;
    this.#events[slot] = event;
    this.#done[slot] = false;
    this.#size++;
  }

  /**
   * Marks a packet id acknowledged. Events that are now acknowledged with all before them are given to the settler, in order.
   * Answers false for an id that is not in flight.
   */
  acknowledge(id: number, settler: Settler): boolean {
    if (this.#size === 0) return false;
    if (packetIdOf(this.#ordinals[this.#head]!) === id && !this.#done[this.#head]) {
      this.#pop(settler);
      while (this.#size > 0 && this.#done[this.#head]) this.#pop(settler);
      return true;
    }
    const slot = this.#find(id);
    if (slot === -1 || this.#done[slot]) return false;
    this.#done[slot] = true;
    return true;
  }

  #pop(settler: Settler): void {
    const slot = this.#head;
    const event = this.#events[slot]!;
    this.#events[slot] = null;
    this.#head = (slot + 1) & (this.#ordinals.length - 1);
    this.#size--;
    if (event !== null) settler.settle(event);
  }

  #find(id: number): number {
    const mask = this.#ordinals.length - 1;
    for (let i = 0; i < this.#size; i++) {
      const slot = (this.#head + i) & mask;
      if (packetIdOf(this.#ordinals[slot]!) === id) return slot;
    }
    return -1;
  }

  #grow(): void {
    const order = Array.from(
      { length: this.#size },
      (_, i) => (this.#head + i) & (this.#ordinals.length - 1),
    );
    const capacity = Math.max(8, this.#size * 2);
    const pad = capacity - this.#size;
    this.#ordinals = [...order.map((slot) => this.#ordinals[slot]!), ...new Array<number>(pad).fill(0)];
    this.#events = [...order.map((slot) => this.#events[slot]!), ...new Array<null>(pad).fill(null)];
    this.#done = [...order.map((slot) => this.#done[slot]!), ...new Array<boolean>(pad).fill(false)];
    this.#head = 0;
  }
}
