import { anonymousUid } from '../../schemas/identity.ts';
import type { Bus } from '../../store/bus.ts';
import type { Absence, DirectoryDevices } from '../../store/directory.ts';
import type { Nodes } from '../../store/nodes.ts';
import { absenceGraceMs, type Online, type Whereabouts } from '../../store/online.ts';
import { Batches } from './batches.ts';
import { listOf, offline, readStatus, type State } from './state.ts';
import type { States } from './states.ts';

export interface SharedStatesOptions {
  readonly online: Pick<Online, 'whereabouts' | 'of' | 'onWritten' | 'firstAt'>;
  readonly directory: Pick<DirectoryDevices, 'absences' | 'putStatus'>;
  readonly bus: Pick<Bus, 'publish' | 'subscribe' | 'listen' | 'leave' | 'onLoss'>;
  readonly nodes: Pick<Nodes, 'self' | 'onChange'>;
  /** Whether the user has a connection on this node. */
  readonly isHere: (uid: string) => boolean;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
  readonly graceMs?: number;
  readonly retryMs?: number;
}

/** A state, and the text that its status was read from. */
interface Found {
  readonly state: State;
  readonly status: string | undefined;
}

interface Held {
  count: number;
  readonly ready: Promise<void>;
  /** What is read before changes are heard of may be old already: it is not kept. */
  isReady: boolean;
  found?: Found;
  /** Of several reads the one that began last counts. */
  round: number;
  /** Set while it has to show that the user does not come back. */
  leaving?: NodeJS.Timeout | undefined;
  /** It has shown. */
  isSettled: boolean;
}

const retryDefaultMs = 1000;
/** The directory knows of seconds, `Online` of ms. */
const sameMs = 2000;

/**
 * The states of users over all nodes: read from what all nodes share, never added up from messages. A node whose
 * connections changed says so once that can be read, and whoever holds the user reads anew; so does everyone after a
 * loss on the bus, and when a node has left. Whatever comes in whatever order, the last read is made after the last change.
 */
export class SharedStates implements States {
  readonly #options: SharedStatesOptions;
  readonly #whereabouts: Batches<Whereabouts>;
  readonly #absences: Batches<Absence>;
  readonly #held = new Map<string, Held>();
  #failed = new Set<string>();
  #retry: NodeJS.Timeout | undefined;
  readonly #ends: (() => void)[];
  #firstAt: number | undefined;
  #changed: (uid: string) => void = () => {};

  constructor(options: SharedStatesOptions) {
    this.#options = options;
    const { online, directory, bus, nodes } = options;
    this.#whereabouts = new Batches((uids) => online.whereabouts(uids));
    this.#absences = new Batches((uids) => directory.absences(uids));
    this.#ends = [
      online.onWritten((uids) => {
        for (const uid of uids) if (uid !== anonymousUid) bus.publish({ type: 'presence', uid });
      }),
      bus.subscribe((message) => {
        if (message.type === 'presence') void this.#refresh(message.uid);
      }),
      bus.onLoss(() => this.#refreshAll()),
      nodes.onChange(({ left }) => {
        if (left.length > 0) this.#refreshAll();
      }),
    ];
  }

  onChange(handler: (uid: string) => void): void {
    this.#changed = handler;
  }

  hold(uid: string): Promise<void> {
    const known = this.#held.get(uid);
    if (known !== undefined) {
      known.count++;
      return known.ready;
    }
    const ready = this.#options.bus.listen(`p:${uid}`);
    const held: Held = { count: 1, ready, isReady: false, round: 0, isSettled: false };
    this.#held.set(uid, held);
    ready.then(
      () => {
        held.isReady = true;
      },
      () => {
        if (this.#held.get(uid) === held) this.#held.delete(uid);
      },
    );
    return ready;
  }

  release(uid: string): void {
    const held = this.#held.get(uid);
    if (held === undefined || --held.count > 0) return;
    clearTimeout(held.leaving);
    this.#held.delete(uid);
    this.#options.bus.leave(`p:${uid}`);
  }

  async of(uid: string): Promise<State> {
    const held = this.#held.get(uid);
    if (held?.isReady !== true) return (await this.#read(uid)).state;
    if (held.found !== undefined) return held.found.state;
    const round = ++held.round;
    const found = await this.#read(uid);
    if (held.round === round) this.#take(uid, held, found);
    return this.#held.get(uid)?.found?.state ?? found.state;
  }

  async #read(uid: string): Promise<Found> {
    const where = await this.#whereabouts.of(uid);
    if (where?.online) {
      const platforms = listOf(new Set(where.platforms));
      return { state: { online: true, ts: where.since, platforms }, status: undefined };
    }
    const { lastSeen = 0, statusAt = 0, status } = (await this.#absences.of(uid)) ?? {};
    // Who came after the will has been online again.
    const isCurrent = statusAt > 0 && statusAt >= Math.max(lastSeen, where?.cameAt ?? 0);
    const since = where?.since ?? (lastSeen || statusAt || (await this.#first()));
    const shown = isCurrent ? status : undefined;
    return { state: offline(since, shown), status: shown };
  }

  async #first(): Promise<number> {
    this.#firstAt ??= await this.#options.online.firstAt();
    return this.#firstAt;
  }

  async #refresh(uid: string): Promise<void> {
    const held = this.#held.get(uid);
    if (held?.isReady !== true) return;
    const round = ++held.round;
    try {
      const found = await this.#read(uid);
      if (held.round === round) this.#take(uid, held, found);
    } catch (error) {
      this.#readLater(uid, error);
    }
  }

  #take(uid: string, held: Held, found: Found): void {
    if (this.#held.get(uid) !== held) return;
    const before = held.found;
    const { state } = found;
    if (before !== undefined && !held.isSettled && hasLost(before.state, state)) {
      held.leaving ??= setTimeout(() => {
        held.isSettled = true;
        void this.#refresh(uid);
      }, this.#options.graceMs ?? absenceGraceMs).unref();
      return;
    }
    clearTimeout(held.leaving);
    held.leaving = undefined;
    held.isSettled = false;
    if (before !== undefined && isAsBefore(before, found)) return;
    held.found = found;
    this.#changed(uid);
  }

  /** What cannot be read now is as it was, until it can. */
  #readLater(uid: string, error: unknown): void {
    if (this.#failed.size === 0) this.#options.onError(error);
    this.#failed.add(uid);
    this.#retry ??= setTimeout(() => {
      const failed = this.#failed;
      this.#failed = new Set();
      this.#retry = undefined;
      for (const one of failed) void this.#refresh(one);
    }, this.#options.retryMs ?? retryDefaultMs).unref();
  }

  /** Many at a time, one batch after the other. */
  #refreshAll(): void {
    for (const uid of this.#held.keys()) void this.#refresh(uid);
  }

  async will(uid: string, payload: Buffer): Promise<void> {
    const { online, directory, bus, nodes, isHere, now } = this.#options;
    const status = readStatus(payload);
    if (status === undefined || isHere(uid)) return;
    // Another connection of the user speaks for itself. Where it cannot be known: what it says is of no account then.
    const elsewhere = await online.of(uid).catch(() => []);
    if (elsewhere.some(({ node }) => node !== nodes.self.id)) return;
    await directory.putStatus(uid, status, now());
    bus.publish({ type: 'presence', uid });
  }

  async close(): Promise<void> {
    for (const end of this.#ends) end();
    clearTimeout(this.#retry);
    for (const { leaving } of this.#held.values()) clearTimeout(leaving);
    this.#held.clear();
  }
}

/** Whether something went and nothing came: it may be back in a moment. */
function hasLost(before: State, { online, platforms = [] }: State): boolean {
  if (!before.online) return false;
  if (!online) return true;
  const shown = before.platforms ?? [];
  return shown.some((one) => !platforms.includes(one)) && platforms.every((one) => shown.includes(one));
}

/** What is read twice may be told in other words. */
const isAsBefore = (before: Found, found: Found): boolean =>
  before.state.online === found.state.online &&
  before.state.platforms === found.state.platforms &&
  before.status === found.status &&
  (before.state.online
    ? before.state.ts === found.state.ts
    : Math.abs(before.state.ts - found.state.ts) < sameMs);
