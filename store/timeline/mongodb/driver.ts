import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { MongoNetworkError } from 'mongodb';

/** What of the driver's connections is touched here. */
interface DriverConnection {
  readonly id: unknown;
  readonly address: string;
  readonly socket: Socket;
  writeCommand(command: unknown, options: unknown): Promise<void>;
}

const require = createRequire(import.meta.url);
const repaired = new WeakSet<object>();

/**
 * The driver (7.9) waits for ever for the drain of a socket that was destroyed a moment ago and has not said so yet. When a
 * server dies all its connections end in one turn: what the driver does about the first of them is a heartbeat on another,
 * and a heartbeat that never ends is a server that is never found again. Such a command fails at once here.
 */
export function repairDriver(): void {
  const { Connection } = require('mongodb/lib/cmap/connection.js') as {
    Connection: { prototype: DriverConnection };
  };
  const { prototype } = Connection;
  if (repaired.has(prototype)) return;
  repaired.add(prototype);
  const { writeCommand } = prototype;
  prototype.writeCommand = function (command, options) {
    if (this.socket.writable) return writeCommand.call(this, command, options);
    return Promise.reject(new MongoNetworkError(`connection ${this.id} to ${this.address} closed`));
  };
}
