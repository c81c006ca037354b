import { ClientError } from '../errors.ts';
import type { Transport } from '../transport.ts';
import { type OutboxEntry, type Place, payloadOf, topicOf } from './entry.ts';
import { Pause, type Schedule } from './pause.ts';
import { insert } from './queue.ts';

/** How many may be on the way at a time, over all conversations. */
const maxInFlight = 8;

interface Flight {
  readonly entry: OutboxEntry;
  /** The connection that it was sent on. */
  readonly connection: number;
  isWithdrawn: boolean;
}

/** What one conversation still has to send, in order, and what is on the way. */
interface Lane {
  readonly conv: string;
  readonly unsent: OutboxEntry[];
  /** The ids of both. */
  readonly names: Set<string>;
  readonly flights: Map<string, Flight>;
  readonly pause: Pause;
  /** What was refused for the time being: until it is through one at a time, so that nothing more overtakes it. */
  refused: OutboxEntry | undefined;
}

export interface SenderEvents {
  readonly stored: (entry: OutboxEntry, place: Place) => void;
  readonly refused: (entry: OutboxEntry, error: ClientError) => void;
}

/**
 * Sends what it is given while it is on and the connection is there. A conversation's entries go out in their order; what
 * the connection took with it goes out again, in that order, before what comes behind. What is refused for the time
 * being is tried again after a pause: a rate holds everything, any other refusal its conversation.
 */
export class Sender {
  readonly #transport: Pick<Transport, 'state' | 'publish'>;
  readonly #schedule: Schedule;
  readonly #events: SenderEvents;
  readonly #lanes = new Map<string, Lane>();
  /** Those that have something to send now, in turn. */
  readonly #ready = new Set<Lane>();
  readonly #pause: Pause;
  /** From a loss on until the connection says that it is gone, or after a while, where it says that it is not. */
  readonly #lost: Pause;
  readonly #unsubscribe: () => void;
  #connection = 0;
  #inFlight = 0;
  #isOn = false;

  constructor(transport: Pick<Transport, 'state' | 'publish'>, schedule: Schedule, events: SenderEvents) {
    this.#transport = transport;
    this.#schedule = schedule;
    this.#events = events;
    this.#pause = new Pause(schedule, () => this.#pump());
    this.#lost = new Pause(schedule, () => this.#pump());
    this.#unsubscribe = transport.state.subscribe(() => {
      this.#connection++;
      this.#lost.cancel();
      for (const lane of this.#lanes.values()) this.#look(lane);
      this.#pump();
    });
  }

  /** Sends, or does not; what is on the way is answered all the same. */
  turn(on: boolean): void {
    this.#isOn = on;
    this.#pump();
  }

  /** To be sent; harmless where it is in hand already. */
  offer(entry: OutboxEntry): void {
    const lane = this.#laneOf(entry.conv);
    const flight = lane.flights.get(entry.id);
    if (flight !== undefined) flight.isWithdrawn = false;
    if (lane.names.has(entry.id)) return;
    lane.names.add(entry.id);
    insert(lane.unsent, entry);
    this.#look(lane);
    this.#pump();
  }

  /** Not to be sent any more. Of what is on the way nothing more is told, unless it is stored. */
  withdraw(entry: OutboxEntry): void {
    const lane = this.#lanes.get(entry.conv);
    if (!lane?.names.has(entry.id)) return;
    const flight = lane.flights.get(entry.id);
    if (flight !== undefined) {
      flight.isWithdrawn = true;
      return;
    }
    lane.names.delete(entry.id);
    if (lane.refused?.id === entry.id) lane.refused = undefined;
    lane.unsent.splice(
      lane.unsent.findIndex(({ id }) => id === entry.id),
      1,
    );
    this.#look(lane);
  }

  close(): void {
    this.#isOn = false;
    this.#unsubscribe();
    this.#pause.cancel();
    this.#lost.cancel();
    for (const lane of this.#lanes.values()) lane.pause.cancel();
    this.#lanes.clear();
    this.#ready.clear();
  }

  get #isOnline(): boolean {
    return this.#transport.state.value === 'online';
  }

  #pump(): void {
    if (!this.#isOn || !this.#isOnline || this.#pause.isRunning || this.#lost.isRunning) return;
    for (const lane of this.#ready) {
      if (this.#inFlight >= maxInFlight) return;
      // At the end of the round again, where it has more.
      this.#ready.delete(lane);
      this.#send(lane, lane.unsent.shift()!);
      this.#look(lane);
    }
  }

  #send(lane: Lane, entry: OutboxEntry): void {
    const flight: Flight = { entry, connection: this.#connection, isWithdrawn: false };
    lane.flights.set(entry.id, flight);
    this.#inFlight++;
    const land = (answer: () => void): void => {
      this.#inFlight--;
      lane.flights.delete(entry.id);
      lane.names.delete(entry.id);
      if (lane.refused?.id === entry.id) lane.refused = undefined;
      if (this.#lanes.get(lane.conv) !== lane) return;
      answer();
      this.#goOn(lane);
    };
    this.#publish(entry).then(
      (properties) => land(() => this.#stored(lane, entry, properties)),
      (error: unknown) => land(() => this.#refused(lane, flight, toClientError(error))),
    );
  }

  async #publish(entry: OutboxEntry): Promise<Readonly<Record<string, string>>> {
    return this.#transport.publish(topicOf(entry), payloadOf(entry));
  }

  #stored(lane: Lane, entry: OutboxEntry, properties: Readonly<Record<string, string>>): void {
    const place = { seq: Number(properties.seq), ts: Number(properties.ts) };
    lane.pause.succeeded();
    this.#pause.succeeded();
    this.#lost.succeeded();
    if (Number.isSafeInteger(place.seq) && Number.isSafeInteger(place.ts)) this.#events.stored(entry, place);
    else this.#events.refused(entry, unplaced());
  }

  #refused(lane: Lane, { entry, connection, isWithdrawn }: Flight, error: ClientError): void {
    const isLost = error.code === 'client.offline' || error.code === 'auth.expired';
    if (isWithdrawn) return;
    if (!isLost && !error.retryable) {
      this.#events.refused(entry, error);
      return;
    }
    lane.names.add(entry.id);
    insert(lane.unsent, entry);
    if (isLost) {
      if (this.#isOnline && connection === this.#connection) this.#lost.begin();
      return;
    }
    lane.refused ??= entry;
    const pause = error.code === 'send.rate' ? this.#pause : lane.pause;
    pause.begin(error.retryAfter);
  }

  #goOn(lane: Lane): void {
    this.#look(lane);
    this.#pump();
  }

  /** Whether the conversation may send its next one now. */
  #look(lane: Lane): void {
    const mayGo =
      lane.unsent.length > 0 &&
      !lane.pause.isRunning &&
      !(lane.refused !== undefined && lane.flights.size > 0) &&
      // What an earlier connection has not given back yet goes first.
      !isAny(lane.flights.values(), ({ connection }) => connection !== this.#connection);
    if (mayGo) this.#ready.add(lane);
    else this.#ready.delete(lane);
    if (lane.unsent.length === 0 && lane.flights.size === 0 && !lane.pause.isRunning)
      this.#lanes.delete(lane.conv);
  }

  #laneOf(conv: string): Lane {
    const there = this.#lanes.get(conv);
    if (there !== undefined) return there;
    const lane: Lane = {
      conv,
      unsent: [],
      names: new Set(),
      flights: new Map(),
      pause: new Pause(this.#schedule, () => this.#goOn(lane)),
      refused: undefined,
    };
    this.#lanes.set(conv, lane);
    return lane;
  }
}

function isAny<T>(values: Iterable<T>, is: (value: T) => boolean): boolean {
  for (const value of values) if (is(value)) return true;
  return false;
}

const unplaced = (): ClientError =>
  new ClientError('client.protocol', 'The server has not said where it stored the message.');

const toClientError = (error: unknown): ClientError =>
  error instanceof ClientError
    ? error
    : new ClientError('client.failed', `The message could not be sent: ${String(error)}`, { cause: error });
