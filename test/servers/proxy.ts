import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A way to a server of 127.0.0.1 that a test can cut. */
export interface Proxy {
  readonly port: number;
  /** Connections that are open. */
  readonly connections: number;
  /** Nothing passes in either direction any more and no connection is closed, new ones neither: as behind a dead cable. */
  swallow(): void;
  /** Connections made from now on work; those from before `swallow` stay dead. */
  heal(): void;
  /** Closes every connection; new ones work. */
  cut(): void;
  close(): Promise<void>;
}

/** Listens on a free port and passes all bytes on to `target`, a port of 127.0.0.1. */
export async function startProxy(target: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let swallows = false;
  const kept = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    return socket;
  };
  const server = createServer({ allowHalfOpen: true }, (inner) => {
    kept(inner);
    if (swallows) {
      inner.resume();
      return;
    }
    const outer = kept(connect(target, '127.0.0.1'));
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      let dead = false;
      onSwallow.add(() => {
        dead = true;
      });
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
  const onSwallow = new Set<() => void>();
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
    swallow() {
      swallows = true;
      for (const kill of onSwallow) kill();
      onSwallow.clear();
    },
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
