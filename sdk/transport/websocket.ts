type Listener = (...values: readonly unknown[]) => void;

/** What takes the bytes that come: a Writable of MQTT.js. */
interface Sink {
  write(bytes: Uint8Array): unknown;
}

/** A WebSocket as the little of a Node stream that MQTT.js uses. What is written in one turn goes as one frame. */
export class WebSocketStream {
  readonly #socket: WebSocket;
  readonly #listeners = new Map<string, Set<Listener>>();
  #chunks: Uint8Array[] = [];
  #corked = 0;
  #isClosed = false;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => this.#flush());
    // Why it failed a browser does not tell; the end follows.
    socket.addEventListener('error', () => this.destroy());
    socket.addEventListener('close', () => this.destroy());
  }

  pipe(sink: Sink): Sink {
    this.#socket.addEventListener('message', ({ data }: MessageEvent) => {
      if (!this.#isClosed && data instanceof ArrayBuffer) sink.write(new Uint8Array(data));
    });
    return sink;
  }

  /** Always true: how much may be under way is bounded elsewhere. */
  write(chunk: string | Uint8Array): boolean {
    if (this.#isClosed) return true;
    this.#chunks.push(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk);
    if (this.#corked === 0) this.#flush();
    return true;
  }

  cork(): void {
    this.#corked++;
  }

  uncork(): void {
    this.#corked = Math.max(0, this.#corked - 1);
    if (this.#corked === 0) this.#flush();
  }

  end(done?: () => void): void {
    this.#corked = 0;
    this.#flush();
    this.destroy();
    done?.();
  }

  destroy(error?: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#chunks = [];
    this.#socket.close();
    queueMicrotask(() => {
      if (error !== undefined) this.#emit('error', error);
      this.#emit('close');
    });
  }

  on(event: string, listener: Listener): this {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return this;
  }

  once(event: string, listener: Listener): this {
    const once: Listener = (...values) => {
      this.removeListener(event, once);
      listener(...values);
    };
    return this.on(event, once);
  }

  removeListener(event: string, listener: Listener): this {
    this.#listeners.get(event)?.delete(listener);
    return this;
  }

  setMaxListeners(): this {
    return this;
  }

  #emit(event: string, ...values: readonly unknown[]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(...values);
  }

  #flush(): void {
    if (this.#chunks.length === 0 || this.#socket.readyState !== this.#socket.OPEN) return;
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#socket.send(joined(chunks));
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
