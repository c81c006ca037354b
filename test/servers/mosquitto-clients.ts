import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { binary } from './binary.ts';

/** What a program left behind. */
export interface Finished {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** A mosquitto_sub that runs. */
export interface Subscriber {
  /** What it printed so far. */
  readonly lines: readonly string[];
  /** The lines once there are at least `count`; rejects when it ends before, or after `timeoutMs`. */
  received(count: number, timeoutMs?: number): Promise<readonly string[]>;
  /** Resolves when it has ended. */
  readonly ended: Promise<Finished>;
  stop(): Promise<void>;
}

/** Debian's command-line clients. Arguments are theirs: `['-p', '1883', '-t', 'send/u/bob', '-m', 'hi']`. */
export interface MosquittoClients {
  publish(args: readonly string[]): Promise<Finished>;
  subscribe(args: readonly string[]): Subscriber;
  /** mosquitto_rr: one request and its response. */
  request(args: readonly string[]): Promise<Finished>;
}

/** Finds or installs the clients. Rejects with NotAvailable. */
export async function findMosquittoClients(): Promise<MosquittoClients> {
  const paths = await Promise.all(
    ['pub', 'sub', 'rr'].map((name) => binary(`mosquitto_${name}`, 'mosquitto-clients')),
  );
  const [pub, sub, rr] = paths as [string, string, string];
  return {
    publish: (args) => runOnce(pub, args),
    subscribe: (args) => new RunningSubscriber(sub, args),
    request: (args) => runOnce(rr, args),
  };
}

const runOnce = (path: string, args: readonly string[]): Promise<Finished> =>
  new RunningSubscriber(path, args).ended;

class RunningSubscriber implements Subscriber {
  readonly lines: string[] = [];
  readonly ended: Promise<Finished>;
  readonly #child;
  readonly #reader;

  constructor(path: string, args: readonly string[]) {
    this.#child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#reader = createInterface({ input: this.#child.stdout });
    this.#reader.on('line', (line) => this.lines.push(line));
    let errors = '';
    this.#child.stderr.on('data', (text: Buffer) => {
      errors += text.toString();
    });
    this.ended = once(this.#child, 'close').then(([code]: (number | null)[]) => {
      return { code: code ?? null, output: this.lines.join('\n'), errors };
    });
    this.ended.catch(() => {});
  }

  received(count: number, timeoutMs = 10_000): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      const shown = () => `${this.lines.length} of ${count} lines: ${this.lines.join(' | ')}`;
      const look = () => {
        if (this.lines.length >= count) finish(() => resolve(this.lines));
      };
      const timer = setTimeout(() => finish(() => reject(new Error(`timeout after ${shown()}`))), timeoutMs);
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        this.#reader.off('line', look);
        settle();
      };
      this.#reader.on('line', look);
      this.ended.then(
        ({ errors }) => finish(() => reject(new Error(`ended after ${shown()}; ${errors}`))),
        reject,
      );
      look();
    });
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.ended;
  }
}
