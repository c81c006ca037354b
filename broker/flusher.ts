/** Something with frames that wait for the end of the turn. */
export interface Flushable {
  flush(flusher: Flusher): void;
}

/**
 * Writes what a turn produced at its end, one write for each socket. Receivers of the same frames (the members of a group)
 * share one joined Buffer.
 */
export class Flusher {
  #dirty: Flushable[] = [];
  #lastFrames: readonly Buffer[] = [];
  #lastJoined: Buffer | undefined;

  readonly #run = (): void => {
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const one of dirty) one.flush(this);
    this.#lastFrames = [];
    this.#lastJoined = undefined;
  };

  add(one: Flushable): void {
    if (this.#dirty.length === 0) queueMicrotask(this.#run);
    this.#dirty.push(one);
  }

  /** The frames as one Buffer; the one of the socket before where its frames were the same. */
  join(frames: readonly Buffer[], bytes: number): Buffer {
    const last = this.#lastFrames;
    if (this.#lastJoined !== undefined && last.length === frames.length) {
      let same = true;
      for (let i = 0; same && i < frames.length; i++) same = frames[i] === last[i];
      if (same) return this.#lastJoined;
    }
    const joined = Buffer.allocUnsafe(bytes);
    let at = 0;
    for (const frame of frames) {
      joined.set(frame, at);
      at += frame.length;
    }
    this.#lastFrames = frames;
    this.#lastJoined = joined;
    return joined;
  }
}
