import { randomBytes } from 'node:crypto';
import { PetrelError } from '../../schemas/errors.ts';
import { groupConv } from '../../schemas/event.ts';
import type { Bus } from '../../store/bus.ts';
import { chunked } from '../../store/chunks.ts';
import type { Directory, Removal, Trace } from '../../store/directory.ts';
import type { Timeline } from '../../store/timeline.ts';
import type { Revocations } from '../auth/revocations.ts';
import { faultsOnly } from '../faults.ts';
import { departEverywhere } from '../groups/depart.ts';
import type { GroupEvents } from '../groups/events.ts';

const everyMs = 3000;
/**
 * What was on its way when the user was removed (a send that was accepted, a connection that was being opened) has come to
 * its end by then; a removal is finished by the first pass that begins later.
 */
const settleDefaultMs = 15_000;
const batch = 100;
const atOnce = 4;
const removed = 0x98;

export interface RemovalsOptions {
  readonly directory: Directory;
  readonly timeline: Pick<Timeline, 'directs'>;
  readonly bus: Bus;
  readonly revocations: Pick<Revocations, 'remove' | 'revoke'>;
  readonly groupEvents: GroupEvents;
  /** Takes out what the user said in one conversation; the signal ends it before it is complete. */
  readonly erase: (removal: Removal, trace: Trace, signal: AbortSignal) => Promise<void>;
  /** Ends the user's MQTT sessions, with what is kept for them. */
  readonly endSessions: (uid: string) => Promise<void>;
  /** ms since 1970. */
  readonly clock: () => number;
  readonly settleMs?: number;
  /** Told of what went wrong while nobody asked. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Removes users. That a user is removed is one write, from which on no token of theirs is taken; what they leave (sessions,
 * friends, groups, what they said) is then taken away in the background, step by step, each of which may be repeated. A
 * crash in the middle is made good by the next start.
 */
export class Removals {
  readonly #options: RemovalsOptions;
  readonly #settleMs: number;
  readonly #report: (error: unknown) => void;
  /** Those that have had a pass and wait for their last one. */
  readonly #passed = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  readonly #closing = new AbortController();

  constructor(options: RemovalsOptions) {
    this.#options = options;
    this.#settleMs = options.settleMs ?? settleDefaultMs;
    this.#report = faultsOnly(options.onError ?? (() => undefined));
  }

  /**
   * Removes a user, for ever: the uid stays taken. When it resolves the user is gone for everyone; what they leave goes
   * soon. Throws `user.not-found` where there is no such user, or no longer.
   * @param by who asked for it: the user, or an operator
   */
  async removeAccount(uid: string, by: string): Promise<void> {
    const { directory, revocations, bus, clock } = this.#options;
    const id = randomBytes(12).toString('hex');
    const sids = await directory.removeUser({ uid, id, by, at: clock() });
    if (sids === undefined) throw new PetrelError('user.not-found');
    revocations.remove(uid);
    revocations.revoke(sids);
    bus.publish({ type: 'stale', user: uid });
    // After the answer: the connection that asked is one of those that end.
    setImmediate(() => {
      bus.publish({ type: 'end', uid, reason: removed });
      this.wake();
    });
  }

  /** Goes on with what is left from before, now and every few seconds. */
  start(): void {
    this.#timer ??= setInterval(() => this.wake(), everyMs).unref();
    this.wake();
  }

  /** There may be work. */
  wake(): void {
    if (this.#closing.signal.aborted) return;
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Ends after the steps in hand; what is left goes on after the next start. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#closing.signal.aborted) {
      this.#again = false;
      try {
        await this.#passAll();
      } catch (error) {
        this.#report(error);
      }
    }
  }

  async #passAll(): Promise<void> {
    const { directory, clock } = this.#options;
    for (let after: Removal | undefined; !this.#closing.signal.aborted; ) {
      const removals: Removal[] = await directory.removals(after, batch);
      const due = removals.filter(({ uid, at }) => !this.#passed.has(uid) || clock() - at >= this.#settleMs);
      for (const few of chunked(due, atOnce)) {
        if (this.#closing.signal.aborted) return;
        await Promise.all(few.map((removal) => this.#pass(removal).catch(this.#report)));
      }
      if (removals.length < batch) return;
      after = removals.at(-1);
    }
  }

  async #pass(removal: Removal): Promise<void> {
    const { directory, bus, clock, endSessions } = this.#options;
    const { uid, at } = removal;
    const isLast = clock() - at >= this.#settleMs;
    bus.publish({ type: 'end', uid, reason: removed });
    await endSessions(uid);
    await this.#leaveGroups(uid);
    await this.#forget(uid);
    const complete = await this.#erase(removal);
    if (!complete) return;
    if (isLast) {
      await directory.finishRemoval(uid, clock());
      this.#passed.delete(uid);
    } else this.#passed.add(uid);
  }

  /** That there is something to be erased in a group is noted before the user leaves it. */
  async #leaveGroups(uid: string): Promise<void> {
    const { directory } = this.#options;
    for (let after = ''; ; ) {
      const groups = await directory.listGroups(uid, after, batch);
      for (const { group } of groups)
        await directory.putTrace(uid, { conv: groupConv(group.gid), seq: 0, told: false });
      if (groups.length < batch) break;
      after = groups.at(-1)!.group.gid;
    }
    await departEverywhere(this.#options, uid);
  }

  async #forget(uid: string): Promise<void> {
    const { directory, bus } = this.#options;
    const friends = await directory.forgetPerson(uid);
    await directory.forgetUser(uid);
    bus.publish({ type: 'stale', user: uid });
    for (const friend of friends)
      bus.publish({ type: 'notice', uid: friend, notice: { type: 'friend', action: 'removed', uid } });
  }

  /** Answers whether all conversations were looked at. */
  async #erase(removal: Removal): Promise<boolean> {
    const { directory, timeline, erase } = this.#options;
    const { signal } = this.#closing;
    const traces = new Map((await directory.traces(removal.uid)).map((trace) => [trace.conv, trace]));
    const heads = new Map<string, number>();
    for (const { conv, head } of await timeline.directs(removal.uid)) {
      heads.set(conv, head.seq);
      if (!traces.has(conv)) traces.set(conv, { conv, seq: 0, told: false });
    }
    for (const trace of traces.values()) {
      if (trace.told && heads.get(trace.conv) === trace.seq) continue;
      await erase(removal, trace, signal);
      if (signal.aborted) return false;
    }
    return true;
  }
}
