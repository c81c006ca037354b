import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A way to a server of 127.0.0.1 that a test can cut. */
export interface TcpProxy {
  readonly port: number;
  /** Connections that are open. */
  readonly connections: number;
  /** How many there have been. */
  readonly count: number;
  /** Nothing passes in either direction any more and no connection is closed, new ones neither: as behind a dead cable. */
  swallow(): void;
  /** The same for one connection alone; they are counted from 0 in the order in which they came. */
  swallowOne(connection: number): void;
  /** Connections made from now on work; those from before `swallow` stay dead. */
  heal(): void;
  /** Closes every connection; new ones work. */
  cut(): void;
  close(): Promise<void>;
}

/** Listens on a free port and passes all bytes on to `target`, a port of 127.0.0.1. */
export async function startProxy(target: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let swallows = false;
  const kept = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    return socket;
  };
  const deadly = new Map<number, () => void>();
  let count = 0;
  const server = createServer({ allowHalfOpen: true }, (inner) => {
    const number = count++;
    kept(inner);
    if (swallows) {
      inner.resume();
      return;
    }
    const outer = kept(connect(target, '127.0.0.1'));
    let dead = false;
    deadly.set(number, () => {
      dead = true;
    });
    inner.once('close', () => deadly.delete(number));
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      from.on('data', (bytes: Buffer) => {
        if (!dead) to.write(bytes);
      });
      from.once('close', () => {
        if (!dead) to.destroy();
      });
      from.once('end', () => {
        if (!dead) to.end();
      });
    }
  });
  const destroyAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as { port: number }).port,
    get connections() {
      return sockets.size;
    },
    get count() {
      return count;
    },
    swallow() {
      swallows = true;
      for (const kill of deadly.values()) kill();
    },
    swallowOne: (connection) => deadly.get(connection)?.(),
    heal() {
      swallows = false;
    },
    cut: destroyAll,
    async close() {
      destroyAll();
      server.close();
      await once(server, 'close');
    },
  };
}
