import type { ConvId } from '../schemas/event.ts';

/** One at a time for each key, in the order of asking. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** Resolves when it is the asker's turn; the answer ends it. */
  async take(key: string): Promise<() => void> {
    const before = this.#last.get(key);
    let end: () => void = () => {};
    const turn = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#last.set(key, turn);
    void turn.then(() => {
      if (this.#last.get(key) === turn) this.#last.delete(key);
    });
    await before;
    return end;
  }

  /** How many keys somebody holds or waits for. */
  get size(): number {
    return this.#last.size;
  }
}

/** The turn of what changes one message. */
export const turnOf = (conv: ConvId, seq: number): string => `${conv} ${seq}`;

/** The turn of what changes which messages of a conversation are pinned. */
export const pinsTurnOf = (conv: ConvId): string => `${conv} pins`;
