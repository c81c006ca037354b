import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Bytes that one side may be ahead of the other before it is not read any more. */
const maxWaitingBytes = 1024 * 1024;

interface Pair {
  readonly inner: Socket;
  readonly outer: Socket;
}

/**
 * The network between one process and one server of 127.0.0.1, which a test can cut (both sides hear a reset, new
 * connections too), silence (nothing passes and nobody hears of it; what was sent meanwhile arrives when it opens again, as
 * after a dead cable), or slow down.
 */
export class Link {
  readonly #server: Server;
  readonly #target: number;
  readonly #pairs = new Set<Pair>();
  #state: 'open' | 'cut' | 'silent' = 'open';
  #delayMs = 0;

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.#target = target;
    server.on('connection', (inner) => this.#pass(inner));
  }

  static async to(target: number): Promise<Link> {
    const server = createServer({ noDelay: true, allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Link(server, target);
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** As at the beginning; connections that were cut stay so. */
  open(): void {
    this.#state = 'open';
    this.#delayMs = 0;
    for (const { inner, outer } of this.#pairs) {
      inner.resume();
      outer.resume();
    }
  }

  cut(): void {
    this.#state = 'cut';
    for (const { inner, outer } of this.#pairs) {
      inner.resetAndDestroy();
      outer.resetAndDestroy();
    }
  }

  silence(): void {
    this.#state = 'silent';
    for (const { inner, outer } of this.#pairs) {
      inner.pause();
      outer.pause();
    }
  }

  /** All bytes from now on arrive this much later. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #pass(inner: Socket): void {
    inner.on('error', () => {});
    if (this.#state === 'cut') {
      inner.resetAndDestroy();
      return;
    }
    const outer = connect({ port: this.#target, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    outer.on('error', () => {});
    const pair = { inner, outer };
    this.#pairs.add(pair);
    this.#forward(inner, outer);
    this.#forward(outer, inner);
    if (this.#state === 'silent') {
      inner.pause();
      outer.pause();
    }
    const ended = () => {
      this.#pairs.delete(pair);
      inner.destroy();
      outer.destroy();
    };
    inner.once('close', ended);
    outer.once('close', ended);
  }

  #forward(from: Socket, to: Socket): void {
    const later = (step: () => void) => {
      if (this.#delayMs === 0) step();
      else setTimeout(step, this.#delayMs);
    };
    from.on('data', (bytes: Buffer) =>
      later(() => {
        to.write(bytes);
        if (to.writableLength > maxWaitingBytes) from.pause();
      }),
    );
    to.on('drain', () => {
      if (this.#state === 'open') from.resume();
    });
    from.once('end', () => later(() => to.end()));
  }
}
