import type { Connection } from './connection.ts';
import type { Session } from './hub/session.ts';

/** A will that waits for its delay. */
interface DelayedWill {
  readonly timer: NodeJS.Timeout;
  readonly fire: () => void;
}

/**
 * The connections of a node: by session (a session has one connection at a time), and all of them for the sweep that
 * checks keep alive, CONNECT timeout and token expiry once a second, so that an idle connection needs no timer.
 */
export class Registry {
  readonly #all = new Set<Connection>();
  readonly #bySession = new Map<string, Connection>();
  /** Connections on their way to a session. */
  readonly #opening = new Map<string, Connection>();
  /** Sessions whose connection has ended, and is not stored yet. */
  readonly #leaving = new Set<string>();
  readonly #endings = new Set<Promise<void>>();
  readonly #turns = new Map<string, Promise<void>>();
  readonly #halfOpen = new Map<string, number>();
  readonly #wills = new Map<string, DelayedWill>();
  readonly #timer: NodeJS.Timeout;

  constructor(now: () => number) {
    this.#timer = setInterval(() => {
      const at = now();
      for (const connection of this.#all) connection.sweep(at);
    }, 1000);
    this.#timer.unref();
  }

  get size(): number {
    return this.#all.size;
  }

  /** False where the address has too many connections without a CONNECT. */
  add(connection: Connection, maxHalfOpen: number): boolean {
    const halfOpen = this.#halfOpen.get(connection.address) ?? 0;
    if (halfOpen >= maxHalfOpen) return false;
    this.#halfOpen.set(connection.address, halfOpen + 1);
    this.#all.add(connection);
    return true;
  }

  /** The connection is no longer half open: it got its CONNACK, or it ended. */
  settled(address: string): void {
    const left = (this.#halfOpen.get(address) ?? 1) - 1;
    if (left > 0) this.#halfOpen.set(address, left);
    else this.#halfOpen.delete(address);
  }

  remove(connection: Connection): void {
    this.#all.delete(connection);
  }

  connectionOf(key: string): Connection | undefined {
    return this.#bySession.get(key);
  }

  bind(key: string, connection: Connection): void {
    this.#bySession.set(key, connection);
  }

  unbind(key: string, connection: Connection): void {
    if (this.#bySession.get(key) === connection) this.#bySession.delete(key);
  }

  /** Whether a connection has the session, or what one leaves is still to be stored. */
  isTaken(key: string): boolean {
    return this.#bySession.has(key) || this.#leaving.has(key);
  }

  /** The connection takes the session up, in turn, until `work` is done. */
  async opening(key: string, connection: Connection, work: () => Promise<void>): Promise<void> {
    this.#opening.set(key, connection);
    try {
      await work();
    } finally {
      this.#opening.delete(key);
    }
  }

  openingOf(key: string): Connection | undefined {
    return this.#opening.get(key);
  }

  /** What a connection leaves is stored in turn, and nobody takes the session up before. */
  leaving(key: string, work: () => Promise<void>): void {
    this.#leaving.add(key);
    void this.inTurn(key, () => {
      this.#leaving.delete(key);
      return work();
    });
  }

  /** What touches one stored session happens one after the other: connects that race, and the end of a connection. */
  inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(key) ?? Promise.resolve();
    const result = before.then(work);
    const turn = result.then(
      () => {},
      () => {},
    );
    this.#turns.set(key, turn);
    void turn.then(() => {
      if (this.#turns.get(key) === turn) this.#turns.delete(key);
    });
    return result;
  }

  delayWill(key: string, delayMs: number, fire: () => void): void {
    this.cancelWill(key);
    const timer = setTimeout(
      () => {
        this.#wills.delete(key);
        fire();
      },
      Math.min(delayMs, 0x7fffffff),
    );
    timer.unref();
    this.#wills.set(key, { timer, fire });
  }

  /** The session is resumed before its will was due [MQTT-3.1.3-9]; answers whether there was one. */
  cancelWill(key: string): boolean {
    const will = this.#wills.get(key);
    if (will === undefined) return false;
    clearTimeout(will.timer);
    this.#wills.delete(key);
    return true;
  }

  /** The session has ended before its will was due: the will waits no longer (section 3.1.3.2.2). */
  fireWill(key: string): void {
    const will = this.#wills.get(key);
    this.cancelWill(key);
    will?.fire();
  }

  /** Of those that are open. */
  *sessions(): IterableIterator<Session> {
    for (const { accepted } of this.#bySession.values()) if (accepted !== undefined) yield accepted.session;
  }

  connections(): IterableIterator<Connection> {
    return this.#all.values();
  }

  /** What the end of a connection still has to do, which a stop waits for. */
  ending(work: Promise<void>): void {
    this.#endings.add(work);
    void work.finally(() => this.#endings.delete(work));
  }

  /** Waits until everything begun in turn, and all that endings have to do, is done. */
  async settledTurns(): Promise<void> {
    while (this.#turns.size + this.#endings.size > 0)
      await Promise.all([...this.#turns.values(), ...this.#endings]);
  }

  close(): void {
    clearInterval(this.#timer);
    for (const will of this.#wills.values()) clearTimeout(will.timer);
    this.#wills.clear();
  }
}
