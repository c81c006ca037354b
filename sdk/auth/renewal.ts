import { backoffMs } from '../transport/backoff.ts';
import type { Access } from './kept.ts';

/** Timers cannot wait longer. */
const longestMs = 24 * 3600 * 1000;

/** Whether it is good for long enough to ask with it. */
export const isGood = (access: Access | undefined, now = Date.now()): access is Access =>
  access !== undefined && access.expiresAt - now > Math.min(30_000, access.lifeMs / 10);

/** When it is to be renewed, ms since 1970: well before its end, and not in all tabs at once. */
export const renewalAt = ({ expiresAt, lifeMs }: Access, random = Math.random): number =>
  expiresAt - lifeMs * (0.2 + random() / 10);

/** Renews in time, and tries again where that fails. */
export class Renewal {
  readonly #renew: () => Promise<unknown>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;

  constructor(renew: () => Promise<unknown>) {
    this.#renew = renew;
  }

  /** For this access, in place of the one before. */
  plan(access: Access): void {
    this.#failures = 0;
    this.#at(renewalAt(access));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #at(at: number): void {
    this.stop();
    const waitMs = Math.min(longestMs, Math.max(0, at - Date.now()));
    this.#timer = setTimeout(() => {
      if (Date.now() < at) {
        this.#at(at);
        return;
      }
      // Success plans the next one; an end stops this.
      void this.#renew().catch(() => this.#at(Date.now() + 1000 + backoffMs(this.#failures++)));
    }, waitMs);
  }
}
