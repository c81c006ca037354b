import { isIPv6 } from 'node:net';
import type { Config } from '../schemas/config.ts';
import { type Buckets, localBuckets, type MakeBuckets } from './rate.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** The kinds of action that have a limit of their own. */
export type LimitedAction = 'search' | 'friend-request' | 'group';

/** Who asks: a user, or an address where nobody is signed in. */
export interface Asker {
  readonly uid?: string;
  readonly address: string;
  /** No limit holds: an application's own backend. */
  readonly exempt: boolean;
}

/** How often one may ask for operations, both doors together. */
export class Limits {
  readonly #requests: Buckets;
  readonly #actions: Readonly<Record<LimitedAction, Buckets>>;

  constructor(limits: Config['limits'], now: () => number, make: MakeBuckets = localBuckets(now)) {
    const { requestPerSecond, searchPerMinute, friendRequestPerHour, groupPerHour } = limits;
    /** So many in a period, all of them at once if need be. */
    const every = (name: LimitedAction, count: number, periodMs: number): Buckets =>
      make(name, (count * 1000) / periodMs, count);
    this.#requests = make('request', requestPerSecond, requestPerSecond * 5);
    this.#actions = {
      search: every('search', searchPerMinute, minuteMs),
      'friend-request': every('friend-request', friendRequestPerHour, hourMs),
      group: every('group', groupPerHour, hourMs),
    };
  }

  /** Counts a request of any kind: 0, or how many ms to wait for the next. */
  request(asker: Asker): number {
    return take(this.#requests, asker);
  }

  /** Counts an action of this kind: 0, or how many ms to wait for the next. */
  act(action: LimitedAction, asker: Asker): number {
    return take(this.#actions[action], asker);
  }
}

const take = (buckets: Buckets, { uid, address, exempt }: Asker): number =>
  exempt ? 0 : buckets.take(uid === undefined ? `@${addressKey(address)}` : uid);

/**
 * What counts as one address: of IPv6 the first 64 bits, since whoever has one address there has 2^64 of them; an IPv4
 * address written as IPv6 is that IPv4 address.
 */
export function addressKey(address: string): string {
  if (!isIPv6(address)) return address;
  const [whole] = address.split('%', 1) as [string];
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(whole);
  if (mapped !== null) return mapped[1]!;
  const [before = '', after] = whole.split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const zeros = after === undefined ? 0 : 8 - head.length - tail.length;
  const groups = [...head, ...Array<string>(Math.max(0, zeros)).fill('0'), ...tail];
  return `${groups
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
