import { LRUCache } from 'lru-cache';
import { type Route, routeTo } from '../../policy/routes.ts';
import { PetrelError, toPetrelError } from '../../schemas/errors.ts';
import type { Sender } from '../sender.ts';
import { Desk, Ticket } from './desk.ts';
import { Lateness } from './lateness.ts';
import { decodeWork, type ForwardWork, type MessageWork, type Work } from './work.ts';

export interface IntakeOptions {
  readonly sender: Sender;
  /** Bytes that one sender may leave unanswered. */
  readonly creditBytes: () => number;
  /** Told of batches that cannot be read. */
  readonly onError: (error: unknown) => void;
  readonly monotonicMs?: () => number;
}

/** Its sender has given up what was on its way for so long. */
const maxAgeMs = 10_000;
const maxRoutes = 50_000;

/** The work that comes by one link of one broker. */
export interface Entrance {
  take(batch: Buffer): void;
}

/** Gives the work of other nodes to the sender of this one, each conversation's in the order it came, and answers it. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #now: () => number;
  readonly #lateness = new Lateness(maxAgeMs);
  readonly #routes = new LRUCache<string, Route>({ max: maxRoutes });

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#now = options.monotonicMs ?? (() => performance.now());
  }

  /** A new link. Its order is its own: what came by an earlier one may be on its way still, and comes again by this one. */
  open(send: (node: string, batch: Buffer) => void): Entrance {
    const lanes = new Lanes((work, desk) => this.#start(work, desk));
    const desks = new Map<string, Desk>();
    const deskOf = (node: string, link: number): Desk => {
      const known = desks.get(node);
      if (known?.link === link) return known;
      const { creditBytes } = this.#options;
      const desk = new Desk({ link, creditBytes, send: (batch) => send(node, batch) });
      desks.set(node, desk);
      return desk;
    };
    return { take: (batch) => this.#take(batch, lanes, deskOf) };
  }

  forget(node: string): void {
    this.#lateness.forget(node);
  }

  #take(batch: Buffer, lanes: Lanes, deskOf: (node: string, link: number) => Desk): void {
    try {
      const { node, link, sentAtMs, work } = decodeWork(batch);
      // A worker that was frozen must not store what nobody waits for any more, behind what was said since.
      if (this.#lateness.isLate(node, sentAtMs, this.#now())) return;
      const desk = deskOf(node, link);
      for (const one of work) lanes.take(one, desk);
    } catch (error) {
      this.#options.onError(error);
    }
  }

  #start(work: Work, desk: Desk): Promise<void> | undefined {
    const ticket = new Ticket(desk, work.number);
    try {
      if (work.kind === 'message')
        return this.#options.sender.take(this.#routeOf(work), work.outgoing, ticket);
      if (work.kind === 'forward') return this.#forward(work, ticket);
      this.#options.sender.commit.submitTo(work.submission, ticket);
    } catch (error) {
      ticket.failed(this.#told(error));
    }
    return undefined;
  }

  async #forward({ route, messages }: ForwardWork, ticket: Ticket): Promise<void> {
    try {
      const admitted = { route: routeTo(route.conv, route.from), messages };
      ticket.forwarded(await this.#options.sender.forwardAdmitted(admitted));
    } catch (error) {
      ticket.failed(this.#told(error));
    }
  }

  #routeOf({ route: { conv, from, asSystem, found } }: MessageWork): Route {
    if (asSystem) return routeTo(conv, from, { asSystem, found: found === true });
    const key = `${from} ${conv}`;
    const known = this.#routes.get(key);
    if (known !== undefined) return known;
    const route = routeTo(conv, from);
    this.#routes.set(key, route);
    return route;
  }

  #told(error: unknown): PetrelError {
    const known = toPetrelError(error);
    if (known.code !== 'server.error') return known;
    this.#options.onError(error);
    return new PetrelError('store.unavailable');
  }
}

interface Waiting {
  readonly work: Work;
  readonly desk: Desk;
}

/** What one sender says in one conversation, one after the other while something of it takes its time. */
class Lanes {
  readonly #start: (work: Work, desk: Desk) => Promise<void> | undefined;
  readonly #busy = new Map<string, Waiting[]>();

  constructor(start: (work: Work, desk: Desk) => Promise<void> | undefined) {
    this.#start = start;
  }

  take(work: Work, desk: Desk): void {
    const { conv, from } = work.kind === 'submit' ? work.submission : work.route;
    const waiting = this.#busy.size === 0 ? undefined : this.#busy.get(`${from} ${conv}`);
    if (waiting !== undefined) waiting.push({ work, desk });
    else {
      const taken = this.#start(work, desk);
      if (taken !== undefined) void this.#run(`${from} ${conv}`, taken);
    }
  }

  async #run(key: string, first: Promise<void>): Promise<void> {
    const waiting: Waiting[] = [];
    this.#busy.set(key, waiting);
    await first;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      await this.#start(next.work, next.desk);
    this.#busy.delete(key);
  }
}
