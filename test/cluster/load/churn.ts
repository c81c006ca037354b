import { setTimeout } from 'node:timers/promises';
import type { Seeded } from '../../support/seeded.ts';
import { within } from '../../support/until.ts';
import type { User } from '../../support/user.ts';

/** A node that does not answer in this time is asked again. */
const answerMs = 15_000;

/** Adds members to a group and removes them again, one change after the other, by the API; insists where it is refused. */
export class Churn {
  /** Changes that were answered. */
  changes = 0;
  readonly faults: string[] = [];
  readonly #owner: User;
  readonly #gid: string;
  readonly #guests: readonly User[];
  readonly #random: Seeded;
  #paused = false;
  #over = false;
  #busy = false;
  #running: Promise<void> = Promise.resolve();

  constructor(owner: User, gid: string, guests: readonly User[], random: Seeded) {
    this.#owner = owner;
    this.#gid = gid;
    this.#guests = guests;
    this.#random = random;
  }

  start(): void {
    this.#running = this.#run();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
  }

  get waiting(): number {
    return this.#busy ? 1 : 0;
  }

  async end(): Promise<void> {
    this.#over = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    const members = new Set<string>();
    while (!this.#over) {
      await setTimeout(this.#random.between(200, 800));
      if (this.#paused || this.#over) continue;
      this.#busy = true;
      const { uid } = this.#random.pick(this.#guests);
      const adds = !members.has(uid);
      if (await this.#insist(() => this.#change(uid, adds))) {
        if (adds) members.add(uid);
        else members.delete(uid);
        this.changes++;
      }
      this.#busy = false;
    }
  }

  async #change(uid: string, adds: boolean): Promise<number> {
    const path = `/groups/${this.#gid}/members`;
    const { status, body } = adds
      ? await this.#owner.api.post(path, { uids: [uid] })
      : await this.#owner.api.delete(`${path}/${uid}`);
    // A removal whose answer was lost finds nobody to remove when it comes again.
    const isDone = status < 300 || (!adds && status === 404);
    if (!isDone && status !== 503 && status !== 429)
      this.faults.push(`${adds ? 'adding' : 'removing'} ${uid}: ${status} ${JSON.stringify(body)}`);
    return status === 503 || status === 429 ? 503 : 200;
  }

  async #insist(step: () => Promise<number>): Promise<boolean> {
    while (!this.#over) {
      if ((await within('an answer', step(), answerMs).catch(() => 503)) === 200) return true;
      await setTimeout(300);
    }
    return false;
  }
}
