import { randomBytes } from 'node:crypto';
import { setImmediate, setTimeout as wait } from 'node:timers/promises';
import { toPetrelError } from '../../schemas/errors.ts';
import { directConv, groupConv } from '../../schemas/event.ts';
import { reservedUids, systemUid } from '../../schemas/identity.ts';
import { chunked } from '../../store/chunks.ts';
import type { Broadcast, BroadcastState, Directory } from '../../store/directory.ts';
import { faultsOnly } from '../faults.ts';
import type { Sender } from '../services.ts';
import { speakingFor } from './speaker.ts';

/** Targets of a page: what is done again at most after a crash, and noted together. */
const pageSize = 100;
export const pagesOf = (targets: readonly string[]): string[][] => [...chunked(targets, pageSize)];
const maxRunning = 4;
/** Messages of one broadcast on their way at once: a batch that users' own sends do not wait for. */
const maxInFlight = 16;
/** Of the rest after them. */
const maxRestMs = 100;
const pollMs = 1000;
/** Who has not noted progress for so long is gone; another goes on. */
const leaseMs = 5000;
const retryMs = 250;
const maxRetryMs = 2000;

export interface BroadcastsOptions {
  readonly directory: Directory;
  readonly sender: Sender;
  readonly clock: () => number;
  /** Told of what went wrong while nobody asked. */
  readonly onError: (error: unknown) => void;
}

/**
 * Sends broadcasts in the background, page by page. What is done is noted with each page, so that another run, after a
 * crash or on another node, goes on from there; the message's id is the broadcast's own, so that what a page sends
 * again is stored once.
 */
export class Broadcasts {
  readonly #options: BroadcastsOptions;
  /** Of a store that is away nobody is told; the lease ends and the next claim goes on. */
  readonly #report: (error: unknown) => void;
  /** This run of this node. */
  readonly #owner = `n-${randomBytes(8).toString('hex')}`;
  readonly #running = new Map<string, Promise<void>>();
  readonly #closing = new AbortController();
  #claiming: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BroadcastsOptions) {
    this.#options = options;
    this.#report = faultsOnly(options.onError);
  }

  /** Takes up what runs already, now and every second. */
  start(): void {
    this.#timer ??= setInterval(() => this.wake(), pollMs).unref();
    this.wake();
  }

  /** There may be something to do. */
  wake(): void {
    if (this.#closing.signal.aborted || this.#timer === undefined) return;
    this.#claiming ??= this.#claim()
      .catch(this.#report)
      .finally(() => {
        this.#claiming = undefined;
      });
  }

  /** Ends after the messages on their way; the rest is left for the next run, which need not wait. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closing.abort();
    await this.#claiming;
    await Promise.all(this.#running.values());
  }

  async #claim(): Promise<void> {
    const room = maxRunning - this.#running.size;
    if (room <= 0) return;
    const { directory, clock } = this.#options;
    const now = clock();
    for (const broadcast of await directory.claimBroadcasts(this.#owner, now, now + leaseMs, room)) {
      const { id } = broadcast;
      if (this.#running.has(id)) continue;
      const run = this.#run(broadcast)
        .catch(this.#report)
        .finally(() => {
          this.#running.delete(id);
          this.wake();
        });
      this.#running.set(id, run);
    }
  }

  async #run(broadcast: Broadcast): Promise<void> {
    const { directory, clock } = this.#options;
    const { id } = broadcast;
    let { position } = broadcast;
    for (;;) {
      const page = await this.#page(broadcast, position);
      if (page === undefined) {
        await directory.finishBroadcast(id, 'done', clock(), this.#owner);
        return;
      }
      const { sent, failed, left } = await this.#sendPage(broadcast, page.targets);
      if (left) {
        // Some of the page have theirs; all of it is sent again by the next run, to no one twice.
        await this.#advance(id, { position, sent: 0, failed: 0 }, 0);
        return;
      }
      const state = await this.#advance(id, { position: page.position, sent, failed }, clock() + leaseMs);
      if (state !== 'running') return;
      position = page.position;
      await setImmediate();
    }
  }

  #advance(
    id: string,
    step: { readonly position: string; readonly sent: number; readonly failed: number },
    until: number,
  ): Promise<BroadcastState | undefined> {
    return this.#options.directory.advanceBroadcast(id, this.#owner, step, until);
  }

  /** The next targets, and where it goes on behind them; undefined at the end. */
  async #page(
    { id, kind, from }: Broadcast,
    position: string,
  ): Promise<{ targets: string[]; position: string } | undefined> {
    const { directory } = this.#options;
    if (kind !== 'all') {
      const page = Number(position);
      const targets = await directory.broadcastPage(id, page);
      return targets.length === 0 ? undefined : { targets, position: String(page + 1) };
    }
    const uids = await directory.usersAfter(position, pageSize);
    const last = uids.at(-1);
    if (last === undefined) return undefined;
    return { targets: uids.filter((uid) => uid !== from && !reservedUids.has(uid)), position: last };
  }

  /** `left`: the server stops, and not all of the page was sent. */
  async #sendPage(
    broadcast: Broadcast,
    targets: readonly string[],
  ): Promise<{ sent: number; failed: number; left: boolean }> {
    const { from, kind } = broadcast;
    const found = kind !== 'gids' && from === systemUid;
    // One question for all of them, in place of one for each.
    const existing = found && kind === 'uids' ? await this.#options.directory.existing(targets) : undefined;
    const queue = targets.filter((uid) => existing?.has(uid) !== false && !reservedUids.has(uid));
    const result = { sent: 0, failed: targets.length - queue.length, left: false };
    const payload = { id: broadcast.messageId, ...(JSON.parse(broadcast.payload) as object) };
    for (let at = 0; at < queue.length && !result.left; at += maxInFlight) {
      const startedMs = performance.now();
      const round = queue.slice(at, at + maxInFlight);
      const outcomes = await Promise.all(round.map((to) => this.#send(broadcast, to, payload, found)));
      for (const outcome of outcomes) {
        if (outcome === undefined) result.left = true;
        else result[outcome]++;
      }
      await this.#rest(performance.now() - startedMs);
    }
    return result;
  }

  /** As long as the work took: at least half of the time is the users', however busy the machine is. */
  async #rest(workMs: number): Promise<void> {
    const restMs = Math.min(Math.max(1, workMs), maxRestMs);
    await wait(restMs, undefined, { signal: this.#closing.signal, ref: false }).catch(() => undefined);
  }

  /** Sends until it is stored or refused for good; undefined where the server stops before. */
  async #send(
    { from, kind }: Broadcast,
    target: string,
    payload: object,
    found: boolean,
  ): Promise<'sent' | 'failed' | undefined> {
    const conv = kind === 'gids' ? groupConv(target) : directConv(from, target);
    const { signal } = this.#closing;
    for (let pauseMs = retryMs; !signal.aborted; pauseMs = Math.min(2 * pauseMs, maxRetryMs)) {
      try {
        await this.#options.sender.send({ conv, from, payload, ...speakingFor(from), found });
        return 'sent';
      } catch (error) {
        const known = toPetrelError(error);
        if (known.code === 'server.error') this.#options.onError(error);
        if (!known.entry.retryable || known.code === 'server.error') return 'failed';
      }
      await wait(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
    return undefined;
  }
}
