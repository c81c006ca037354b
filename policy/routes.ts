import { type ErrorCode, PetrelError } from '../schemas/errors.ts';
import { type ConvId, directConv, groupConv, parseConv, peerOf } from '../schemas/event.ts';
import type { Target } from '../schemas/topics.ts';
import type { DirectFacts, GroupFacts } from '../store/directory.ts';
import type { FactsCache, Held } from './facts.ts';
import { directRefusal, groupRefusal } from './send.ts';

/** The way from one sender to one conversation, with what is known of whether it is open. */
export interface Route {
  readonly from: string;
  readonly target: Target;
  readonly conv: ConvId;
  direct?: Held<DirectFacts>;
  group?: Held<GroupFacts>;
  /** The server writes there, whoever it writes as: where the conversation exists nothing else is asked. */
  readonly asSystem?: boolean;
  /** With `asSystem`: the user or group is known to be there and is not looked for again. */
  readonly found?: boolean;
}

/** The way of a user who writes to somebody. */
export const routeOf = (from: string, target: Target): Route => ({
  from,
  target,
  conv: target.kind === 'direct' ? directConv(from, target.name) : groupConv(target.name),
});

/** The way into a conversation that the sender has a part in, or that the server writes into. Throws `conversation.not-found`. */
export function routeTo(id: ConvId, from: string, as: Pick<Route, 'asSystem' | 'found'> = {}): Route {
  const conv = parseConv(id);
  if (conv === undefined || (conv.kind === 'direct' && conv.a !== from && conv.b !== from)) {
    throw new PetrelError('conversation.not-found');
  }
  const target: Target =
    conv.kind === 'direct' ? { kind: 'direct', name: peerOf(conv, from) } : { kind: 'group', name: conv.gid };
  return { ...routeOf(from, target), ...as };
}

export interface RoutesOptions {
  readonly facts: Pick<FactsCache, 'direct' | 'group' | 'fresh'>;
  readonly directPolicy: 'anyone' | 'friends';
  readonly now: () => number;
}

/** Tells who may write where now. */
export class Routes {
  readonly #facts: RoutesOptions['facts'];
  readonly #directPolicy: 'anyone' | 'friends';
  readonly #now: () => number;

  constructor({ facts, directPolicy, now }: RoutesOptions) {
    this.#facts = facts;
    this.#directPolicy = directPolicy;
    this.#now = now;
  }

  /** Whether what decides is at hand; `load` gets it otherwise. */
  ready(route: Route): boolean {
    const held = route.direct ?? route.group;
    return held === undefined ? route.found === true : this.#facts.fresh(held);
  }

  /** Rejects with `store.unavailable` where the directory does not answer. */
  async load(route: Route): Promise<void> {
    const { from, target } = route;
    try {
      if (target.kind === 'direct') route.direct = await this.#facts.direct(from, target.name);
      else route.group = await this.#facts.group(target.name, from);
    } catch (cause) {
      throw cause instanceof PetrelError ? cause : new PetrelError('store.unavailable', undefined, { cause });
    }
  }

  /** Why the sender may not write there now. The route is ready. */
  refusal(route: Route): ErrorCode | undefined {
    if (route.asSystem) return route.found ? undefined : missing(route);
    return route.direct === undefined
      ? groupRefusal(route.group!.facts, this.#now())
      : directRefusal(route.direct.facts, this.#directPolicy, route.from === route.target.name);
  }

  /** Rejects where the sender may not write there now. */
  async open(route: Route): Promise<void> {
    if (!this.ready(route)) await this.load(route);
    const refused = this.refusal(route);
    if (refused !== undefined) throw new PetrelError(refused);
  }
}

const missing = ({ direct, group }: Route): ErrorCode | undefined => {
  if (direct !== undefined) return direct.facts.exists ? undefined : 'user.not-found';
  return group!.facts.exists ? undefined : 'group.not-found';
};
