import { EventEmitter } from 'node:events';

/** The little that MQTT.js uses of a writable stream: chunk after chunk, each when the one before it is done. */
export class Writable extends EventEmitter {
  readonly #chunks: Uint8Array[] = [];
  #isBusy = false;
  #isLooping = false;

  /** Set by who makes one. */
  _write(_chunk: Uint8Array, _encoding: string, done: (error?: Error) => void): void {
    done();
  }

  /** Whether the chunk was taken at once. */
  write(chunk: Uint8Array): boolean {
    this.#chunks.push(chunk);
    this.#next();
    return this.#chunks.length === 0;
  }

  #next(): void {
    // One loop, as `done` is often called before `_write` returns.
    if (this.#isLooping) return;
    this.#isLooping = true;
    while (!this.#isBusy && this.#chunks.length > 0) {
      this.#isBusy = true;
      this._write(this.#chunks.shift()!, 'buffer', (error) => {
        if (error) {
          this.#chunks.length = 0;
          this.emit('error', error);
          return;
        }
        this.#isBusy = false;
        this.#next();
      });
    }
    this.#isLooping = false;
  }
}

/** The little that MQTT.js uses of a readable stream of objects: it is asked for one at a time. */
export class Readable extends EventEmitter {
  readonly #values: unknown[] = [];
  #state: 'open' | 'ended' | 'told' = 'open';

  /** Set by who makes one: calls `push`, with null at the end. */
  _read(): void {
    this.push(null);
  }

  push(value: unknown): boolean {
    if (value === null) this.#state = 'ended';
    else this.#values.push(value);
    queueMicrotask(() => this.emit('readable'));
    return value !== null;
  }

  /** The next object; null where there is none yet, and at the end, of which `end` tells. */
  read(): unknown {
    if (this.#values.length === 0 && this.#state === 'open') this._read();
    if (this.#values.length > 0) return this.#values.shift();
    if (this.#state === 'ended') {
      this.#state = 'told';
      queueMicrotask(() => this.emit('end'));
    }
    return null;
  }

  destroy(): this {
    this.#values.length = 0;
    this.#state = 'told';
    queueMicrotask(() => this.emit('close'));
    return this;
  }
}
