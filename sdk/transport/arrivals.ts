/** One message that has come, until it is acknowledged. */
interface Arrival {
  readonly id: number;
  done: boolean;
}

/**
 * Acknowledges what came at QoS 1 when its handler is done, in the order in which it came [MQTT-4.6.0-2]. Handlers begin
 * in that order too, and do not wait for each other.
 */
export class Arrivals {
  readonly #waiting: Arrival[] = [];
  readonly #acknowledge: (id: number) => void;
  readonly #onFailure: (error: unknown) => void;

  constructor(acknowledge: (id: number) => void, onFailure: (error: unknown) => void) {
    this.#acknowledge = acknowledge;
    this.#onFailure = onFailure;
  }

  /** A handler that fails is told of; its message and those behind it stay unacknowledged. */
  add(id: number, handle: () => Promise<void> | undefined): void {
    const arrival: Arrival = { id, done: false };
    this.#waiting.push(arrival);
    const finish = (): void => {
      arrival.done = true;
      while (this.#waiting[0]?.done) this.#acknowledge(this.#waiting.shift()!.id);
    };
    let work: Promise<void> | undefined;
    try {
      work = handle();
    } catch (error) {
      this.#onFailure(error);
      return;
    }
    if (work === undefined) finish();
    else void work.then(finish, this.#onFailure);
  }
}
