import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Config } from '../../schemas/config.ts';
import { anonymousUid } from '../../schemas/identity.ts';
import type { Bus, Claim } from '../../store/bus.ts';
import { chunked } from '../../store/chunks.ts';
import { reasons } from '../gate/fault.ts';
import type { Session } from '../hub/session.ts';

export interface ClaimsOptions {
  readonly policy: Config['devices']['policy'];
  /** The user's sessions on this node. */
  readonly sessionsOf: (uid: string) => readonly Session[];
  readonly bus: Pick<Bus, 'publish' | 'subscribe' | 'onLoss'>;
  /** All sessions of this node. */
  readonly sessions: () => Iterable<Session>;
  readonly now: () => number;
  /** Tells nodes apart; random where absent. */
  readonly node?: string;
}

const againAtOnce = 500;

/**
 * `devices.policy`: of a user's connections that exclude each other the newest one stays, on whatever nodes they are.
 *
 * Each connection gets a stamp with its CONNACK and claims its place over the bus. A stamp is a time, later than all that
 * the node has heard of, and the node: all nodes order them alike, and who connects after a claim was heard is newer. A
 * node ends its connections that a claim beats; where one of its own beats the claim it claims again, so that the late one
 * goes even if the first word was lost; after a loss on the bus each connection claims its place once more. Every connection
 * hears of every newer one, so exactly one is left.
 */
export class Claims {
  readonly #options: ClaimsOptions;
  readonly #node: string;
  readonly #ends: (() => void)[] = [];
  #latest = 0;
  #losses = 0;

  constructor(options: ClaimsOptions) {
    this.#options = options;
    this.#node = options.node ?? randomUUID();
    if (options.policy === 'multi') return;
    this.#ends.push(
      options.bus.subscribe((message) => {
        if (message.type === 'claim') this.#hear(message);
      }),
      options.bus.onLoss(() => void this.#claimAgain()),
    );
  }

  /** A few at a time: others are heard in between. */
  async #claimAgain(): Promise<void> {
    const loss = ++this.#losses;
    for (const some of chunked([...this.#options.sessions()], againAtOnce)) {
      if (this.#losses !== loss) return;
      for (const session of some) if (session.claimedAt > 0 && !session.closed) this.#publish(session);
      await setImmediate();
    }
  }

  /** The session has its CONNACK: older ones that it excludes go. */
  claim(session: Session): void {
    const { policy, now } = this.#options;
    if (policy === 'multi' || session.user.uid === anonymousUid) return;
    this.#latest = Math.max(now(), this.#latest + 1);
    session.claimedAt = this.#latest;
    this.#publish(session);
  }

  #publish({ user, platform, claimedAt }: Session): void {
    this.#options.bus.publish({
      type: 'claim',
      uid: user.uid,
      ...(platform !== undefined && { platform }),
      at: claimedAt,
      node: this.#node,
    });
  }

  #hear(claim: Claim): void {
    this.#latest = Math.max(this.#latest, claim.at);
    let winner: Session | undefined;
    let at = claim.at;
    let node = claim.node;
    const rivals = this.#options.sessionsOf(claim.uid).filter((session) => this.#excludes(claim, session));
    for (const session of rivals) {
      const newer = session.claimedAt > at || (session.claimedAt === at && this.#node >= node);
      if (!newer) continue;
      winner = session;
      at = session.claimedAt;
      node = this.#node;
    }
    for (const session of rivals) {
      if (session !== winner)
        session.link.end(reasons.sessionTakenOver, 'Another device of the user connected.');
    }
    const own = at === claim.at && node === claim.node;
    if (winner !== undefined && !own) this.#publish(winner);
  }

  /** Whether only one of the two may be connected. A session without a stamp claims its place with its CONNACK. */
  #excludes(claim: Claim, { claimedAt, platform }: Session): boolean {
    return claimedAt > 0 && (this.#options.policy === 'single' || platform === claim.platform);
  }

  close(): void {
    this.#losses++;
    for (const end of this.#ends) end();
  }
}
