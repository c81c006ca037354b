import type { Buckets } from '../policy/rate.ts';
import { type Route, routeTo } from '../policy/routes.ts';
import { PetrelError } from '../schemas/errors.ts';
import type { ConvId } from '../schemas/event.ts';
import { checkOutgoing, type ForwardMark, type Outgoing } from '../schemas/messages.ts';
import type { Appended } from '../store/timeline.ts';
import type { ForwardInput, SendInput, Sends, Sent } from './sends.ts';

export interface DoorOptions {
  /** Sends by user. */
  readonly rates: Buckets;
  /** A message that no PUBLISH of this size could bring is refused at the other door too. */
  readonly maxPacketSize: number;
}

/** A message on its way, checked as far as that needs nothing but the message. */
export interface Admitted {
  readonly route: Route;
  readonly outgoing: Outgoing;
}

/** Messages that were said elsewhere; the mark is put on what moderation leaves of each. */
export interface AdmittedForward {
  readonly route: Route;
  readonly messages: readonly { readonly outgoing: Outgoing; readonly forward: ForwardMark }[];
}

/** Where sends of those who do not publish them come in: rate, schema and size. What is refused here goes no further. */
export class Door {
  readonly #rates: Buckets;
  readonly #maxPacketSize: number;

  constructor({ rates, maxPacketSize }: DoorOptions) {
    this.#rates = rates;
    this.#maxPacketSize = maxPacketSize;
  }

  /** Throws PetrelError. A message without an id has one from here on. */
  admit({ conv, from, payload, asSystem = false, unlimited = asSystem, found }: SendInput): Admitted {
    const route = this.#routeTo(conv, from, asSystem, found);
    if (!unlimited) this.#takeRate(from);
    const outgoing = checkOutgoing(payload, { idOptional: true, asSystem });
    this.checkSize(route, outgoing);
    return { route, outgoing };
  }

  /** Throws PetrelError. */
  admitForward({ conv, from, messages }: ForwardInput): AdmittedForward {
    const route = this.#routeTo(conv, from);
    for (const _ of messages) this.#takeRate(from);
    return {
      route,
      messages: messages.map(({ forward, ...payload }) => ({ outgoing: checkOutgoing(payload), forward })),
    };
  }

  #routeTo(conv: ConvId, from: string, asSystem = false, found = false): Route {
    return asSystem ? routeTo(conv, from, { asSystem, found }) : routeTo(conv, from);
  }

  #takeRate(from: string): void {
    const retryAfterMs = this.#rates.take(from);
    if (retryAfterMs > 0) throw new PetrelError('send.rate', undefined, { retryAfterMs });
  }

  /** Throws where a client could not have published it. */
  checkSize({ target }: Pick<Route, 'target'>, { raw }: Pick<Outgoing, 'raw'>): void {
    // The topic with its length, a packet id, no properties; the fixed header has five bytes at most.
    const bytes = 5 + 2 + 'send/u/'.length + target.name.length + 2 + 1 + raw.length;
    if (bytes > this.#maxPacketSize) throw new PetrelError('send.too-large');
  }
}

/** A send by those who do not publish it: in at the door, and on its way. */
export async function sendThrough(door: Door, sends: Pick<Sends, 'take'>, input: SendInput): Promise<Sent> {
  const { route, outgoing } = door.admit(input);
  const place = await new Promise<Appended>((stored, failed) => {
    void sends.take(route, outgoing, { stored, failed });
  });
  return { conv: route.conv, seq: place.seq, ts: place.ts, repeat: place.repeat };
}
