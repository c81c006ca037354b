import type { Readable, Writable } from 'node:stream';
import type { Compared } from '../moving/verify.ts';
import type { Watch } from '../moving/watch.ts';
import type { Log } from '../ops/log.ts';
import type { Config, Role } from '../schemas/config.ts';
import type { Platform } from '../schemas/identity.ts';
import type { Client, ClientOptions } from '../sdk/types.ts';

/** A server that runs. */
export interface Server {
  /** What it listens on, ports as they are: `mqtt://0.0.0.0:1883`, `ws://…/mqtt`, `http://…`. */
  readonly addresses: readonly string[];
  /** Whether the web chat is at `/` of its HTTP port. */
  readonly page: boolean;
  /** Stops gracefully; resolves when everything is written and closed. */
  close(): Promise<void>;
}

export type Compose = (
  config: Config,
  options: { readonly role: Role; readonly log: Log },
) => Promise<Server>;

/** A store that is to be moved, out into a folder or in from one. */
export interface Move {
  readonly config: Config;
  readonly folder: string;
  readonly log: Log;
  readonly watch: Watch;
}

/** What moves stores; each answers what was moved. */
export interface Moving {
  export(move: Move): Promise<readonly Compared[]>;
  import(move: Move): Promise<readonly Compared[]>;
  verify(move: Pick<Move, 'folder' | 'watch'>): Promise<readonly Compared[]>;
}

/** What `petrel token` puts into a token. */
export interface TokenClaims {
  readonly uid: string;
  /** Seconds. */
  readonly ttl: number;
  /** Space-separated. */
  readonly scope?: string;
  readonly did?: string;
  readonly platform?: Platform;
}

/** What a person at a terminal types and sees. */
export interface Terminal {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable;
}

/** What the command line knows of the process it runs in. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether a person watches stdout. */
  readonly isTerminal: boolean;
  out(line: string): void;
  error(line: string): void;
  /** Calls the handler for every signal that asks to stop; answers a function that ends it. */
  onStopSignal(handler: (signal: string) => void): () => void;
  /** Called with what nobody caught; answers a function that ends it. */
  onFault(handler: (fault: unknown) => void): () => void;
  /** How long a graceful stop may take; 30 s where absent. */
  readonly stopTimeoutMs?: number;
  /** Loads what starts a server, only when one is started. */
  loadCompose(): Promise<Compose>;
  /** Loads what moves stores, only when one is moved. */
  loadMoving(): Promise<Moving>;
  readonly terminal: Terminal;
  /** Loads the client, only when one is used. */
  loadClient(): Promise<{ createClient(options: ClientOptions): Promise<Client> }>;
  /** Ends the process at once. */
  quit(code: number): void;
  issueToken(config: Config, claims: TokenClaims): Promise<string>;
}

/** Exit codes, of sysexits.h where it has one. */
export const exit = { ok: 0, failed: 1, usage: 64, config: 78 } as const;
