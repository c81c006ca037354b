import type { Signal } from '../signal.ts';
import type { Transport } from '../transport.ts';
import type { Presence } from '../types.ts';
import { parse } from './event.ts';
import { Watched } from './watched.ts';

/** One who scrolls past and back is not subscribed anew. */
const lingerMs = 5000;

/** Who is online, as far as somebody wants to know it here: the tab that leads watches for all. */
export class Presences {
  readonly #signals = new Map<string, Watched<Presence | undefined>>();
  readonly #watch: (uid: string, on: boolean) => void;
  readonly #wanted = new Set<string>();

  /** `watch` is told of what is wanted here. */
  constructor(watch: (uid: string, on: boolean) => void) {
    this.#watch = watch;
  }

  of(uid: string): Signal<Presence | undefined> {
    let signal = this.#signals.get(uid);
    if (signal === undefined) {
      const want = (on: boolean) => (): void => this.#want(uid, on);
      signal = new Watched<Presence | undefined>(undefined, {
        start: want(true),
        stop: want(false),
        lingerMs,
      });
      this.#signals.set(uid, signal);
    }
    return signal;
  }

  #want(uid: string, on: boolean): void {
    if (on) this.#wanted.add(uid);
    else this.#wanted.delete(uid);
    this.#watch(uid, on);
    if (!on) this.#signals.get(uid)?.set(undefined);
  }

  /** Another tab leads from now on, or this one: it is told again what is wanted here. */
  repeat(): void {
    for (const uid of this.#wanted) this.#watch(uid, true);
  }

  set(uid: string, presence: Presence | undefined): void {
    if (this.#wanted.has(uid)) this.#signals.get(uid)?.set(presence);
  }

  /** Not connected: nobody knows. */
  forget(): void {
    for (const signal of this.#signals.values()) signal.set(undefined);
  }

  close(): void {
    for (const signal of this.#signals.values()) signal.close();
    this.forget();
  }
}

/** Where this client leads: subscribes to what any tab wants to know, and again after each connect. */
export class PresenceWatcher {
  readonly #transport: Pick<Transport, 'state' | 'subscribe' | 'unsubscribe'>;
  /** By uid, the tabs that want to know. */
  readonly #wanted = new Map<string, Set<string>>();
  readonly #known = new Map<string, Presence>();
  /** Those that one may not see yet. */
  readonly #refused = new Set<string>();
  readonly #onPresence: (uid: string, presence: Presence | undefined) => void;

  constructor(
    transport: Pick<Transport, 'state' | 'subscribe' | 'unsubscribe'>,
    onPresence: (uid: string, presence: Presence | undefined) => void,
  ) {
    this.#transport = transport;
    this.#onPresence = onPresence;
  }

  watch(tab: string, uid: string, on: boolean): void {
    const tabs = this.#wanted.get(uid) ?? new Set();
    const isFirst = on && tabs.size === 0;
    if (on) tabs.add(tab);
    else tabs.delete(tab);
    if (tabs.size > 0) this.#wanted.set(uid, tabs);
    else if (this.#wanted.delete(uid)) this.#end(uid);
    if (isFirst) this.#subscribe(uid);
    else if (on && this.#known.has(uid)) this.#onPresence(uid, this.#known.get(uid));
  }

  /** Something was said, or two became friends: who was refused may be allowed now. */
  onMet(uid: string): void {
    if (this.#refused.delete(uid) && this.#wanted.has(uid)) this.#subscribe(uid);
  }

  onConnect(): void {
    this.#known.clear();
    this.#refused.clear();
    for (const uid of this.#wanted.keys()) this.#subscribe(uid);
  }

  /** Whether the message was one of presence. */
  onMessage(topic: string, payload: Uint8Array): boolean {
    if (!topic.startsWith('presence/')) return false;
    const uid = topic.slice('presence/'.length);
    const said = parse<Presence & { readonly uid: string }>(payload);
    if (said === undefined || !this.#wanted.has(uid)) return true;
    const { uid: _, ...presence } = said;
    this.#known.set(uid, presence);
    this.#onPresence(uid, presence);
    return true;
  }

  #subscribe(uid: string): void {
    if (this.#transport.state.value !== 'online') return;
    // Refused: one may not see it, and it stays undefined.
    this.#transport.subscribe(`presence/${uid}`).catch(() => void this.#refused.add(uid));
  }

  #end(uid: string): void {
    this.#known.delete(uid);
    this.#refused.delete(uid);
    if (this.#transport.state.value === 'online')
      this.#transport.unsubscribe(`presence/${uid}`).catch(() => {});
  }
}
