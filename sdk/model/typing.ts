import { type Signal, State } from '../signal.ts';

/** Who says nothing more for so long types no more; those who go on say so every `repeatMs`. */
const endsAfterMs = 6000;
const repeatMs = 3000;
/** Without a key for so long the user has stopped. */
const stopsAfterMs = 5000;

const nobody: readonly string[] = [];

/** Who types in which conversation. */
export class Typists {
  readonly #signals = new Map<string, State<readonly string[]>>();
  /** By conversation and uid. */
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  of(conv: string): Signal<readonly string[]> {
    return this.#of(conv);
  }

  set(conv: string, uid: string, on: boolean): void {
    const name = `${conv} ${uid}`;
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
    const signal = this.#of(conv);
    if (on) {
      this.#timers.set(
        name,
        setTimeout(() => this.set(conv, uid, false), endsAfterMs),
      );
      if (!signal.value.includes(uid)) signal.set([...signal.value, uid]);
    } else if (signal.value.includes(uid)) signal.set(signal.value.filter((one) => one !== uid));
  }

  #of(conv: string): State<readonly string[]> {
    let signal = this.#signals.get(conv);
    if (signal === undefined) {
      signal = new State(nobody);
      this.#signals.set(conv, signal);
    }
    return signal;
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    for (const signal of this.#signals.values()) signal.set(nobody);
  }
}

/** Tells that the user types: at the first key, then now and then, and once when they have stopped. */
export class TypingTeller {
  readonly #tell: (conv: string, on: boolean) => void;
  readonly #typing = new Map<string, { readonly told: number; timer: ReturnType<typeof setTimeout> }>();
  readonly #now: () => number;

  constructor(tell: (conv: string, on: boolean) => void, now: () => number) {
    this.#tell = tell;
    this.#now = now;
  }

  typed(conv: string): void {
    const now = this.#now();
    const before = this.#typing.get(conv);
    clearTimeout(before?.timer);
    const isTold = before !== undefined && now - before.told < repeatMs;
    if (!isTold) this.#tell(conv, true);
    const timer = setTimeout(() => {
      this.#typing.delete(conv);
      this.#tell(conv, false);
    }, stopsAfterMs);
    this.#typing.set(conv, { told: isTold ? before.told : now, timer });
  }

  /** What was typed is sent: the message itself says that it is over. */
  sent(conv: string): void {
    clearTimeout(this.#typing.get(conv)?.timer);
    this.#typing.delete(conv);
  }

  close(): void {
    for (const { timer } of this.#typing.values()) clearTimeout(timer);
    this.#typing.clear();
  }
}
