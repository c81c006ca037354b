import { PassThrough } from 'node:stream';
import { run } from '../../cli/run.ts';
import type { Compose, Moving, Surroundings, TokenClaims } from '../../cli/surroundings.ts';

interface Options {
  readonly env?: Surroundings['env'];
  readonly compose?: Compose;
  readonly moving?: Moving;
  readonly stopTimeoutMs?: number;
}

/** A process for the command line that is none: it remembers what was written and gets signals by hand. */
export class FakeProcess {
  readonly output: string[] = [];
  readonly errors: string[] = [];
  readonly claims: TokenClaims[] = [];
  readonly quits: number[] = [];
  readonly #stop = new Set<(signal: string) => void>();
  readonly #fault = new Set<(fault: unknown) => void>();

  run(
    args: readonly string[],
    { env = {}, compose, moving, stopTimeoutMs = 30_000 }: Options = {},
  ): Promise<number> {
    return run(args, {
      env: { PETREL_LOG_LEVEL: 'silent', ...env },
      isTerminal: false,
      out: (line) => this.output.push(line),
      error: (line) => this.errors.push(line),
      onStopSignal: (handler) => registered(this.#stop, handler),
      onFault: (handler) => registered(this.#fault, handler),
      stopTimeoutMs,
      loadCompose: () => Promise.resolve(compose ?? (() => Promise.reject(new Error('not expected')))),
      loadMoving: () => Promise.resolve(moving ?? Promise.reject(new Error('not expected'))),
      terminal: { input: new PassThrough().end(), output: new PassThrough() },
      loadClient: () => Promise.reject(new Error('not expected')),
      quit: (code) => this.quits.push(code),
      issueToken: (_config, claims) => {
        this.claims.push(claims);
        return Promise.resolve('the-token');
      },
    });
  }

  signal(name = 'SIGTERM'): void {
    for (const handler of this.#stop) handler(name);
  }

  fault(fault: unknown): void {
    for (const handler of this.#fault) handler(fault);
  }
}

function registered<T>(handlers: Set<T>, handler: T): () => void {
  handlers.add(handler);
  return () => handlers.delete(handler);
}
