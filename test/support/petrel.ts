import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { Api } from './api.ts';
import { mint, secret } from './token.ts';
import { until, within } from './until.ts';
import { User } from './user.ts';

const main = fileURLToPath(new URL('../../main.js', import.meta.url));
const startTimeoutMs = 60_000;

export type Scheme = 'mqtt' | 'mqtts' | 'ws' | 'http';

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly errors: string;
}

/**
 * The built server in a process of its own, on free ports and a temporary data folder, which outlives the process:
 * `start` after `stop` or `kill` is a restart on the same data. Without limits of rate, unless `env` sets them.
 */
export class Petrel {
  /** Everything written to stdout, by all its processes. */
  output = '';
  readonly dataDir = mkdtempSync(join(tmpdir(), 'petrel-e2e-'));
  #env: Readonly<Record<string, string>>;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #ended: Promise<Ended> = Promise.resolve({ code: null, errors: '' });
  #addresses: Partial<Record<Scheme, string>> = {};
  #users = 0;

  /** `args` come after `start`. */
  constructor(env: Readonly<Record<string, string>> = {}, args: readonly string[] = []) {
    this.#env = env;
    this.#args = args;
  }

  /** Starts the process without waiting for it. */
  spawn(): Promise<Ended> {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('PETREL_'));
    const child = spawn(process.execPath, [main, 'start', ...this.#args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...Object.fromEntries(inherited),
        PETREL_DATA_DIR: this.dataDir,
        PETREL_MQTT_HOST: '127.0.0.1',
        PETREL_MQTT_PORT: '0',
        PETREL_HTTP_HOST: '127.0.0.1',
        PETREL_HTTP_PORT: '0',
        PETREL_AUTH_SECRET: secret,
        PETREL_AUTH_BCRYPT_COST: '4',
        PETREL_LIMITS_SEND_PER_SECOND: '0',
        PETREL_LIMITS_CONNECT_PER_SECOND: '0',
        PETREL_LIMITS_HTTP_PER_SECOND: '0',
        ...this.#env,
      },
    });
    let errors = '';
    child.stdout.on('data', (text: Buffer) => {
      this.output += text.toString();
    });
    child.stderr.on('data', (text: Buffer) => {
      errors += text.toString();
    });
    this.#child = child;
    this.#ended = once(child, 'close').then(([code]) => ({ code: code as number | null, errors }));
    return this.#ended;
  }

  /** Starts the server; resolves when it is ready. */
  async start(): Promise<this> {
    const before = this.output.length;
    let ended: Ended | undefined;
    void this.spawn().then((result) => {
      ended = result;
    });
    const line = await until(
      'a server that is ready',
      () => {
        if (ended) assert.fail(`the server ended with ${ended.code}: ${ended.errors}`);
        return /Petrel is ready: ([^"\n]+)["\n]/.exec(this.output.slice(before))?.[1];
      },
      startTimeoutMs,
    );
    this.#addresses = Object.fromEntries(
      line.split(' ').map((address) => [address.split(':', 1)[0]!, address.trim()]),
    );
    return this;
  }

  /** From now on it starts on the ports it has now, for clients that reconnect by themselves. */
  keepPorts(): void {
    const [mqtt, http] = [String(this.port('mqtt')), String(this.port('http'))];
    this.#env = { ...this.#env, PETREL_MQTT_PORT: mqtt, PETREL_HTTP_PORT: http };
  }

  /** SIGTERM. */
  async stop(): Promise<Ended> {
    this.#child?.kill('SIGTERM');
    return within('the end of the server', this.#ended, startTimeoutMs);
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  /** Ends the process, however it does, and removes its data. */
  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  url(scheme: Scheme): string {
    return this.#addresses[scheme] ?? assert.fail(`the server has no address for ${scheme}`);
  }

  port(scheme: Scheme): number {
    return Number(new URL(this.url(scheme).replace(/^\w+/, 'http')).port);
  }

  /** The HTTP API, as nobody without a token. */
  api(token?: string): Api {
    return new Api(() => this.url('http'), token);
  }

  /** A new user, whose uid begins with `name`; `claims` go into its token. */
  async user(name: string, claims: Readonly<Record<string, unknown>> = {}): Promise<User> {
    this.#users++;
    const user = this.known(`${name}-${this.#users}`, claims);
    const { status } = await user.api.get('/me');
    assert.equal(status, 200);
    return user;
  }

  /** A user by its uid, with a fresh token. */
  known(uid: string, claims: Readonly<Record<string, unknown>> = {}): User {
    return new User(this, uid, mint({ sub: uid, ...claims }));
  }

  /** New users, one for each name. */
  users<const N extends readonly string[]>(...names: N): Promise<{ [K in keyof N]: User }> {
    return Promise.all(names.map((name) => this.user(name))) as Promise<{ [K in keyof N]: User }>;
  }
}
