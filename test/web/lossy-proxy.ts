import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { Seeded } from '../support/seeded.ts';

export interface Losses {
  /** Of each direction. */
  readonly latencyMs: number;
  /** The share of segments that are lost: TCP sends them again, so what comes behind them waits `stallMs` more. */
  readonly loss: number;
  readonly stallMs: number;
  /** The share of segments at which the connection breaks. */
  readonly breaks: number;
}

export interface LossyProxy {
  readonly port: number;
  /** From now on the way is as bad as this; before, it loses nothing. */
  worsen(losses: Losses): void;
  /** How many segments were lost, and how many connections broke. */
  readonly lost: number;
  readonly broken: number;
  close(): Promise<void>;
}

/** A way to a port of 127.0.0.1 that can become slow, with stalls and broken connections. */
export async function startLossyProxy(target: number, seed: number): Promise<LossyProxy> {
  const random = new Seeded(seed);
  let losses: Losses = { latencyMs: 0, loss: 0, stallMs: 0, breaks: 0 };
  const sockets = new Set<Socket>();
  let lost = 0;
  let broken = 0;
  const pass = (from: Socket, to: Socket): void => {
    let freeAt = 0;
    let passed = Promise.resolve();
    const later = (work: () => void) => {
      const at = Math.max(freeAt, performance.now() + losses.latencyMs);
      freeAt = at;
      passed = passed.then(() => setTimeout(Math.max(0, at - performance.now()))).then(work);
    };
    from.on('data', (bytes) => {
      if (random.next() < losses.breaks) {
        broken++;
        from.destroy();
        to.destroy();
        return;
      }
      if (random.next() < losses.loss) {
        lost++;
        freeAt = Math.max(freeAt, performance.now()) + losses.stallMs;
      }
      later(() => void to.write(bytes));
    });
    from.once('end', () => later(() => void to.end()));
    from.once('close', () => later(() => void to.destroy()));
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (inner) => {
    const outer = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    for (const socket of [inner, outer]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => sockets.delete(socket));
    }
    pass(inner, outer);
    pass(outer, inner);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as { port: number }).port,
    worsen(worse) {
      losses = worse;
    },
    get lost() {
      return lost;
    },
    get broken() {
      return broken;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
