import type { Route } from '../../policy/routes.ts';
import { PetrelError } from '../../schemas/errors.ts';
import type { Outgoing } from '../../schemas/messages.ts';
import { type Holders, partitionCount } from '../../schemas/work.ts';
import type { Appended, Submission } from '../../store/timeline.ts';
import type { Receiver } from '../commit.ts';
import { type Door, sendThrough } from '../door.ts';
import { partitionOf } from '../partitions.ts';
import type { Forwarded, ForwardInput, SendInput, Sends, Sent } from '../sends.ts';
import { type Answer, decodeAnswers } from './answers.ts';
import { type ForwardReceiver, Item } from './item.ts';
import { Outlet } from './outlet.ts';
import type { PortListener, WorkPort } from './port.ts';
import type { Work } from './work.ts';

export interface RemoteSendsOptions {
  /** The node's id: the answers come to it. */
  readonly node: string;
  readonly port: WorkPort;
  readonly door: Door;
  /** Told of what a receiver threw, and of batches that cannot be read. */
  readonly onError: (error: unknown) => void;
  /** How long a piece of work waits for its answer, ms. */
  readonly patienceMs?: number;
  readonly maxWaitingBytes?: number;
  readonly monotonicMs?: () => number;
}

const patienceDefaultMs = 10_000;
const maxWaitingDefault = 64 * 1024 * 1024;

const noAnswer = (): PetrelError => new PetrelError('store.unavailable', 'No worker answers.');

/**
 * The way to workers of other processes.
 *
 * A piece of work is kept until it is answered. When its partition passes to another link, all that is unanswered of the
 * partition is given to that link again, in its order and before anything newer. So a worker that gets a message has had
 * all unanswered earlier ones of its conversation before it, each worker stores them in that order, and what is stored
 * twice is a repeat: the order holds, whoever of an old and a new holder is quicker. Whichever of them answers first is
 * believed. Only what was answered as failed may come out of order, when its sender sends it again.
 */
export class RemoteSends implements Sends, PortListener {
  readonly #options: RemoteSendsOptions;
  readonly #patienceMs: number;
  readonly #maxWaitingBytes: number;
  readonly #now: () => number;
  /** By number, and so in the order of giving. */
  readonly #items = new Map<number, Item>();
  #lastNumber = 0;
  #waitingBytes = 0;
  #holders: Holders = new Array<number>(partitionCount).fill(0);
  readonly #outlets = new Map<number, Outlet>();
  /** Outlets with something new. */
  readonly #dirty = new Set<Outlet>();
  #relief: (() => void)[] = [];
  #idle: (() => void)[] = [];
  #watching: NodeJS.Timeout | undefined;

  constructor(options: RemoteSendsOptions) {
    this.#options = options;
    this.#patienceMs = options.patienceMs ?? patienceDefaultMs;
    this.#maxWaitingBytes = options.maxWaitingBytes ?? maxWaitingDefault;
    this.#now = options.monotonicMs ?? (() => performance.now());
    options.port.attach(options.node, this);
  }

  // ── What is wanted ──

  take(route: Route, outgoing: Outgoing, receiver: Receiver): undefined {
    this.#add({ kind: 'message', number: this.#next(), route, outgoing }, route.conv, receiver);
    return undefined;
  }

  send(input: SendInput): Promise<Sent> {
    return sendThrough(this.#options.door, this, input);
  }

  async forward(input: ForwardInput): Promise<Forwarded[]> {
    const { route, messages } = this.#options.door.admitForward(input);
    return new Promise((resolve, failed) => {
      const forwarded = (places: readonly Forwarded[]): void => resolve([...places]);
      this.#add({ kind: 'forward', number: this.#next(), route, messages }, route.conv, {
        forwarded,
        failed,
      });
    });
  }

  submit(submission: Submission): Promise<Appended> {
    return new Promise((stored, failed) => {
      const work: Work = { kind: 'submit', number: this.#next(), submission };
      this.#add(work, submission.conv, { stored, failed });
    });
  }

  #next(): number {
    this.#lastNumber = (this.#lastNumber + 1) >>> 0;
    return this.#lastNumber;
  }

  #add(work: Work, conv: string, receiver: Receiver | ForwardReceiver): void {
    const item = new Item(work, partitionOf(conv), receiver, this.#now());
    this.#items.set(work.number, item);
    this.#waitingBytes += item.bytes;
    this.#watching ??= setInterval(() => this.#giveUp(), this.#patienceMs / 40).unref();
    const outlet = this.#outlets.get(this.#holders[item.partition]!);
    if (outlet !== undefined) {
      outlet.add(item);
      this.#touch(outlet);
    }
  }

  // ── Out ──

  /** What a turn brings goes out together at its end. */
  #touch(outlet: Outlet): void {
    if (this.#dirty.size === 0) setImmediate(this.#pump);
    this.#dirty.add(outlet);
  }

  readonly #pump = (): void => {
    const outlets = [...this.#dirty];
    this.#dirty.clear();
    for (const outlet of outlets) outlet.pump();
  };

  onHolders(holders: Holders): void {
    const before = this.#holders;
    this.#holders = holders;
    const { node, port } = this.#options;
    for (const link of new Set(holders))
      if (link !== 0 && !this.#outlets.has(link))
        this.#outlets.set(link, new Outlet({ link, node, port, monotonicMs: this.#now }));
    for (const item of this.#items.values()) {
      const link = holders[item.partition]!;
      if (link === before[item.partition]) continue;
      this.#outlets.get(item.link)?.release(item);
      item.link = 0;
      item.isSent = false;
    }
    for (const outlet of this.#outlets.values()) outlet.forget();
    for (const item of this.#items.values()) {
      const link = holders[item.partition]!;
      if (link === before[item.partition] || link === 0) continue;
      this.#outlets.get(link)!.add(item);
    }
    const current = new Set(holders);
    for (const [link, outlet] of this.#outlets)
      if (current.has(link)) outlet.pump();
      else this.#outlets.delete(link);
  }

  // ── Answers ──

  onAnswers(batch: Buffer): void {
    let link: number;
    let creditBytes: number;
    let answers: readonly Answer[];
    try {
      ({ link, creditBytes, answers } = decodeAnswers(batch));
    } catch (error) {
      this.#options.onError(error);
      return;
    }
    for (const answer of answers) {
      const item = this.#items.get(answer.number);
      // An answer that comes twice, or too late, was given already.
      if (item !== undefined) this.#settle(item, answer);
    }
    const outlet = this.#outlets.get(link);
    if (outlet !== undefined) {
      outlet.creditBytes = creditBytes;
      outlet.pump();
    }
    this.#eased();
  }

  #settle(item: Item, answer: Answer): void {
    item.isDone = true;
    this.#items.delete(item.work.number);
    this.#waitingBytes -= item.bytes;
    this.#outlets.get(item.link)?.release(item);
    const { receiver } = item;
    try {
      if (answer.kind === 'failed') receiver.failed(answer.error);
      else if (answer.kind === 'stored') (receiver as Receiver).stored(answer.place);
      else (receiver as ForwardReceiver).forwarded(answer.messages);
    } catch (error) {
      this.#options.onError(error);
    }
  }

  #eased(): void {
    if (!this.full && this.#relief.length > 0) for (const callback of this.#relief.splice(0)) callback();
    if (this.#items.size > 0) return;
    clearInterval(this.#watching);
    this.#watching = undefined;
    for (const callback of this.#idle.splice(0)) callback();
  }

  /** Nothing waits for ever: what is too old fails, and may be stored all the same. */
  #giveUp(): void {
    const late = this.#now() - this.#patienceMs;
    for (const item of this.#items.values()) {
      if (item.sinceMs > late) break;
      this.#settle(item, { kind: 'failed', number: item.work.number, error: noAnswer() });
    }
    for (const outlet of this.#outlets.values()) outlet.pump();
    this.#eased();
  }

  // ── How much waits ──

  get full(): boolean {
    return this.#waitingBytes > this.#maxWaitingBytes;
  }

  whenRelieved(callback: () => void): void {
    if (this.full) this.#relief.push(callback);
    else callback();
  }

  get waiting(): number {
    return this.#items.size;
  }

  drained(): Promise<void> {
    return this.#items.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }
}
