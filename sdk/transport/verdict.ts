import { ClientError } from '../errors.ts';
import { backoffMs } from './backoff.ts';
import type { Ending } from './link.ts';
import { reasons, refusalOf, wordsOf } from './reasons.ts';

/** What follows from the end of a connection. */
export interface Verdict {
  /** The next try, ms from now; undefined where only somebody who asks for it brings one. */
  readonly pauseMs?: number;
  /** What the end says about the token it had. */
  readonly token?: 'refused' | 'banned';
  /** What whoever runs the client should hear of. */
  readonly error?: ClientError;
}

const slowMs = 60_000;
const serverGoingMs = 2000;

/**
 * `failures` counts those in a row. A connection that another one took over does not come back by itself: two devices that
 * may not both be connected, or two programs with one storage, would throw each other out for ever.
 */
export function verdictOf(ending: Ending, failures: number, random = Math.random): Verdict {
  const { reason, reasonString } = ending;
  const { code } = wordsOf(reasonString);
  switch (reason) {
    case reasons.badUserNameOrPassword:
    // Also a connection that an operator ended: asking for a fresh token tells whether the sign-in holds.
    case reasons.administrativeAction:
      return { token: 'refused', pauseMs: failures === 0 ? 0 : backoffMs(failures, random) };
    case reasons.banned:
      return banned(random);
    case reasons.notAuthorized:
      if (code === 'auth.banned') return banned(random);
      if (code === 'topic.forbidden') return slow(ending, random);
      return { token: 'refused', pauseMs: failures === 0 ? 0 : backoffMs(failures, random) };
    case reasons.sessionTakenOver:
      return {
        error: new ClientError('client.taken-over', 'Another connection took the place of this one.'),
      };
    case reasons.serverShuttingDown:
    case reasons.useAnotherServer:
    case reasons.serverMoved:
      return { pauseMs: failures < 3 ? serverGoingMs * random() : backoffMs(failures, random) };
    case 0x85: // Client Identifier not valid
    case 0x8c: // Bad authentication method
      return slow(ending, random);
    default:
      // Those of a server that fell come back over a second, not all at once.
      return { pauseMs: failures === 0 ? 250 + 750 * random() : backoffMs(failures, random) };
  }
}

/** A ban may end. */
const banned = (random: () => number): Verdict => ({ token: 'banned', pauseMs: slowMs * (1 + random()) });

/** A mistake of whoever made the client, which time alone does not mend. */
const slow = ({ reason = 0, reasonString }: Ending, random: () => number): Verdict => ({
  pauseMs: slowMs * (0.5 + random() / 2),
  error: refusalOf(reason, reasonString === undefined ? undefined : { reasonString }, 'client.refused'),
});
