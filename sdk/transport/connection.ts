import type { Credentials } from '../auth/credentials.ts';
import { ClientError } from '../errors.ts';
import { State } from '../signal.ts';
import type { PublishOptions, Transport } from '../transport.ts';
import { backoffMs } from './backoff.ts';
import type { Dial } from './dial.ts';
import { type Ending, Link, type LinkOptions } from './link.ts';
import { notConnected } from './reasons.ts';
import { Sleep } from './sleep.ts';
import { verdictOf } from './verdict.ts';
import { onWake, type Wake } from './wake.ts';

export interface ConnectionOptions {
  /** MQTT.js: `dial` of mqtt.ts in Node, of mqtt-browser.ts in browsers. */
  readonly dial: Dial;
  /** As `wss://chat.example/mqtt`; Node may also use `mqtt:` and `mqtts:`. */
  readonly url: string;
  /** Stable for one device; asked for at each connect. */
  readonly clientId: () => string | Promise<string>;
  readonly credentials: Credentials;
  /** How long the server keeps what came while this client is away; 7 days where absent, 0: not at all. */
  readonly sessionExpirySeconds?: number;
  /** Where absent 30, and 60 in a browser, whose hidden pages have their timers held back for up to a minute. */
  readonly keepaliveSeconds?: number;
  /** A server that is asked for a sign of life and gives none by then is gone, ms; 10,000 where absent. */
  readonly answerMs?: number;
  readonly will?: LinkOptions['will'];
  /** Hears of what went wrong and is not told to anybody else. */
  readonly onError?: (error: unknown) => void;
  /** When to look after the connection at once; what a browser tells of where absent. */
  readonly wake?: Wake;
}

const sessionExpiryDefaultSeconds = 7 * 24 * 3600;
const keepaliveDefaultSeconds = 'document' in globalThis ? 60 : 30;
const answerDefaultMs = 10_000;
/** A connection that held so long ends the row of failures. */
const stableMs = 5000;

/** The transport over MQTT.js: one link after the other, for as long as it is wanted. */
export class Connection implements Transport {
  readonly state = new State<'off' | 'connecting' | 'online' | 'offline'>('off');
  readonly #options: ConnectionOptions;
  readonly #handlers = new Set<() => void>();
  #onMessage: (topic: string, payload: Uint8Array) => Promise<void> | undefined = () => undefined;
  #link: Link | undefined;
  #run: Run | undefined;
  #ends: (() => void)[] = [];

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#run !== undefined) return;
    const run: Run = { isWanted: true, sleep: new Sleep() };
    this.#run = run;
    this.#ends = [
      (this.#options.wake ?? onWake)((what) => {
        if (what === 'back') this.reconnect();
        else this.#link?.probe();
      }),
      this.#options.credentials.onRenewed((token) => this.#link?.renew(token)),
    ];
    this.state.set('connecting');
    void this.#keepUp(run);
  }

  async stop(): Promise<void> {
    const run = this.#run;
    if (run === undefined) return;
    this.#end(run);
    await this.#link?.close();
  }

  reconnect(): void {
    // One that seems to be there may be dead without having been told.
    this.#link?.probe();
    this.#run?.sleep.wake();
  }

  publish(topic: string, payload: string | Uint8Array, options?: PublishOptions) {
    return this.#link?.publish(topic, payload, options) ?? Promise.reject(notConnected());
  }

  subscribe(filter: string): Promise<void> {
    return this.#link?.subscribe(filter) ?? Promise.reject(notConnected());
  }

  unsubscribe(filter: string): Promise<void> {
    return this.#link?.unsubscribe(filter) ?? Promise.reject(notConnected());
  }

  onMessage(handler: (topic: string, payload: Uint8Array) => Promise<void> | undefined): void {
    this.#onMessage = handler;
  }

  onConnect(handler: () => void): () => void {
    this.#handlers.add(handler);
    return () => void this.#handlers.delete(handler);
  }

  async #keepUp(run: Run): Promise<void> {
    let failures = 0;
    while (run.isWanted) {
      this.state.set('connecting');
      const outcome = await this.#once(run);
      if (!run.isWanted) return;
      if (outcome.heldMs > stableMs) failures = 0;
      const pauseMs = this.#judge(run, outcome, failures++);
      // Judging may have ended the sign-in, and with it the wish to be connected.
      if (!run.isWanted) return;
      this.state.set('offline');
      await run.sleep.for(pauseMs);
    }
  }

  /** One connection from its beginning to its end. */
  async #once(run: Run): Promise<Outcome> {
    const { clientId, credentials, sessionExpirySeconds, keepaliveSeconds, answerMs, will } = this.#options;
    let token: string;
    let link: Link;
    try {
      token = await credentials.token();
      const id = await clientId();
      if (!run.isWanted) return { heldMs: 0 };
      link = new Link({
        dial: this.#options.dial,
        url: this.#options.url,
        clientId: id,
        token,
        sessionExpirySeconds: sessionExpirySeconds ?? sessionExpiryDefaultSeconds,
        keepaliveSeconds: keepaliveSeconds ?? keepaliveDefaultSeconds,
        answerMs: answerMs ?? answerDefaultMs,
        ...(will !== undefined && { will }),
        onMessage: (topic, payload) => this.#onMessage(topic, payload),
        onError: (error) => this.#options.onError?.(error),
      });
    } catch (error) {
      return { heldMs: 0, error };
    }
    this.#link = link;
    let openedAt: number | undefined;
    void link.opened.then(() => {
      if (this.#link !== link || !run.isWanted) return;
      openedAt = Date.now();
      this.state.set('online');
      for (const handler of [...this.#handlers]) this.#guarded(handler);
    });
    const ending = await link.ended;
    if (this.#link === link) this.#link = undefined;
    return { heldMs: openedAt === undefined ? 0 : Date.now() - openedAt, token, ending };
  }

  /** How long to wait, ms; undefined: until somebody asks. */
  #judge(run: Run, { error, ending, token }: Outcome, failures: number): number | undefined {
    if (ending === undefined || token === undefined) {
      if (error instanceof ClientError && error.code === 'client.signed-out') this.#end(run);
      else if (!(error instanceof ClientError && error.retryable)) this.#options.onError?.(error);
      return backoffMs(failures);
    }
    const verdict = verdictOf(ending, failures);
    if (verdict.error !== undefined) this.#options.onError?.(verdict.error);
    if (verdict.token === 'refused') this.#options.credentials.refused(token);
    else if (verdict.token === 'banned') this.#options.credentials.banned();
    return verdict.pauseMs;
  }

  #guarded(handler: () => void): void {
    try {
      handler();
    } catch (error) {
      this.#options.onError?.(error);
    }
  }

  #end(run: Run): void {
    run.isWanted = false;
    if (this.#run !== run) return;
    this.#run = undefined;
    for (const end of this.#ends) end();
    this.#ends = [];
    run.sleep.wake();
    this.state.set('off');
  }
}

/** One wish to be connected, from `start` to `stop`. */
interface Run {
  isWanted: boolean;
  readonly sleep: Sleep;
}

interface Outcome {
  /** How long it was online. */
  readonly heldMs: number;
  readonly token?: string;
  readonly ending?: Ending;
  /** Why there was no connection to try. */
  readonly error?: unknown;
}
