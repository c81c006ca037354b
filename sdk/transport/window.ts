/** Lets as much be under way as the server takes at once [MQTT-4.9.0-2]; the rest waits, in order. */
export class Window {
  readonly #size: number;
  readonly #waiting: { readonly takes: boolean; readonly begin: () => void }[] = [];
  #taken = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** Calls `begin` when it is its turn; where it `takes` a place, `free` gives that back. */
  enter(takes: boolean, begin: () => void): void {
    this.#waiting.push({ takes, begin });
    this.#pass();
  }

  free(): void {
    this.#taken--;
    this.#pass();
  }

  #pass(): void {
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined || (next.takes && this.#taken >= this.#size)) return;
      this.#waiting.shift();
      if (next.takes) this.#taken++;
      next.begin();
    }
  }
}
