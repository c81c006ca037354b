import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';

/** The bytes of one connection, over TCP, TLS or WebSocket. */
export interface Transport {
  readonly kind: 'tcp' | 'tls' | 'ws';
  readonly address: string;
  /** Bytes that are written but not yet taken by the network. */
  readonly backlog: number;
  /** The newest listener alone is told. */
  listen(listener: TransportListener): void;
  write(bytes: Buffer): void;
  /** Several writes that leave together. */
  writeAll(frames: readonly Buffer[]): void;
  pause(): void;
  resume(): void;
  /** Ends after what is written; a peer that does not read is cut off after a while. */
  end(): void;
  destroy(): void;
}

/** What a transport tells its connection. */
export interface TransportListener {
  onData(chunk: Buffer): void;
  onDrain(): void;
  onClose(): void;
}

/** Hears of nothing: for transports that nobody serves. */
export const deaf: TransportListener = { onData: () => {}, onDrain: () => {}, onClose: () => {} };

const lingerMs = 2000;

export class SocketTransport implements Transport {
  readonly kind: 'tcp' | 'tls';
  readonly address: string;
  readonly #socket: Socket;
  #listener = deaf;

  constructor(socket: Socket, kind: 'tcp' | 'tls') {
    this.#socket = socket;
    this.kind = kind;
    this.address = socket.remoteAddress ?? '';
    socket.setNoDelay(true);
  }

  listen(listener: TransportListener): void {
    const isFirst = this.#listener === deaf;
    this.#listener = listener;
    if (!isFirst) return;
    this.#socket.on('data', (chunk: Buffer) => this.#listener.onData(chunk));
    this.#socket.on('drain', () => this.#listener.onDrain());
    // An error is always followed by close.
    this.#socket.on('error', ignore);
    this.#socket.on('close', () => this.#listener.onClose());
  }

  get backlog(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  writeAll(frames: readonly Buffer[]): void {
    this.#socket.cork();
    for (const frame of frames) this.#socket.write(frame);
    this.#socket.uncork();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
    this.#socket.resume();
    setTimeout(() => this.#socket.destroy(), lingerMs).unref();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

const ignore = (): void => {};

export class WebSocketTransport implements Transport {
  readonly kind = 'ws';
  readonly address: string;
  readonly #socket: WebSocket;
  #listener = deaf;

  constructor(socket: WebSocket, address: string) {
    this.#socket = socket;
    this.address = address;
  }

  listen(listener: TransportListener): void {
    const isFirst = this.#listener === deaf;
    this.#listener = listener;
    if (!isFirst) return;
    this.#socket.binaryType = 'nodebuffer';
    this.#socket.on('message', (data: Buffer, binary: boolean) => {
      // [MQTT-6.0.0-1]
      if (binary) this.#listener.onData(data);
      else this.#socket.close(1003);
    });
    this.#socket.on('error', ignore);
    this.#socket.on('close', () => this.#listener.onClose());
  }

  get backlog(): number {
    return this.#socket.bufferedAmount;
  }

  write(bytes: Buffer): void {
    this.#socket.send(bytes, () => {
      if (this.#socket.bufferedAmount === 0) this.#listener.onDrain();
    });
  }

  writeAll(frames: readonly Buffer[]): void {
    this.write(Buffer.concat(frames));
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.close(1000);
    setTimeout(() => this.#socket.terminate(), lingerMs).unref();
  }

  destroy(): void {
    this.#socket.terminate();
  }
}
