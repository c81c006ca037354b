import { PetrelError } from '../../schemas/errors.ts';
import type { AedesCore, Envelope, Routed } from './aedes.ts';
import { type Copy, CustomMessage, type QoS } from './message.ts';
import { ShareGroup } from './share.ts';
import type { Subscriber } from './subscriber.ts';
import type { Subscription } from './subscription.ts';

/** A distinct filter: one listener of aedes for all who subscribed with it. */
interface FilterNode {
  readonly filter: string;
  readonly plain: Map<Subscriber, Subscription>;
  readonly shares: Map<string, ShareGroup>;
  /** Settles when aedes listens; answers how to stop it. */
  readonly listening: Promise<() => Promise<void>>;
}

/** A message and the filters that matched it, until its fan-out. */
interface Collected {
  readonly routed: Routed;
  readonly nodes: FilterNode[];
}

/** What of a receiver's subscriptions matched: one copy of the message comes of it. */
interface Merged {
  qos: QoS;
  retainAsPublished: boolean;
  identifiers: number[] | undefined;
}

/**
 * Who gets a message. Aedes calls the listener of every filter that matches, one after the other and for the same object;
 * they only collect, and the fan-out follows when all have been called, so that a session gets one copy.
 */
export class Router {
  readonly #core: AedesCore;
  readonly #refuse: () => 'topic.quota' | 'store.unavailable' | undefined;
  readonly #onError: (error: unknown) => void;
  readonly #sharesHere: boolean;
  readonly #nodes = new Map<string, FilterNode>();
  #collected: Collected[] = [];
  #ours: CustomMessage | undefined;
  #number = 0;

  /**
   * `refuse` tells whether messages are refused now that would have to queue (`topic.quota`), or that a persistent session
   * would get (`store.unavailable`). `sharesHere`: which member of a shared subscription gets a message is found here.
   */
  constructor(
    core: AedesCore,
    refuse: () => 'topic.quota' | 'store.unavailable' | undefined,
    onError: (error: unknown) => void,
    sharesHere = true,
  ) {
    this.#core = core;
    this.#refuse = refuse;
    this.#onError = onError;
    this.#sharesHere = sharesHere;
  }

  message(topic: string, payload: Buffer, envelope: Envelope): CustomMessage {
    return new CustomMessage(topic, payload, envelope, ++this.#number);
  }

  /** The number of the newest message. */
  get newest(): number {
    return this.#number;
  }

  /** Adds or replaces a subscription; resolves when messages reach it. Rejects where aedes does not take the filter. */
  async add(subscriber: Subscriber, subscription: Subscription): Promise<void> {
    const node = this.#node(subscription.filter);
    const { share } = subscription;
    if (share === undefined) node.plain.set(subscriber, subscription);
    else {
      const group = node.shares.get(share) ?? new ShareGroup();
      node.shares.set(share, group);
      group.set(subscriber, subscription);
    }
    try {
      await node.listening;
    } catch (error) {
      if (this.#nodes.get(node.filter) === node) this.#nodes.delete(node.filter);
      throw error;
    }
  }

  #node(filter: string): FilterNode {
    const known = this.#nodes.get(filter);
    if (known !== undefined) return known;
    const node: FilterNode = {
      filter,
      plain: new Map(),
      shares: new Map(),
      listening: this.#core.listen(filter, (routed) => this.#collect(node, routed)),
    };
    this.#nodes.set(filter, node);
    return node;
  }

  async remove(subscriber: Subscriber, { filter, share }: Subscription): Promise<void> {
    const node = this.#nodes.get(filter);
    if (node === undefined) return;
    if (share === undefined) node.plain.delete(subscriber);
    else {
      const group = node.shares.get(share);
      group?.delete(subscriber);
      if (group?.size === 0) node.shares.delete(share);
    }
    if (node.plain.size > 0 || node.shares.size > 0) return;
    this.#nodes.delete(filter);
    const stop = await node.listening;
    await stop();
  }

  #collect(node: FilterNode, routed: Routed): void {
    // [MQTT-4.7.2-1] the emitter does not know this rule
    const first = node.filter.charCodeAt(0);
    if ((first === 0x23 || first === 0x2b) && routed.topic.charCodeAt(0) === 0x24) return;
    const last = this.#collected.at(-1);
    if (last?.routed === routed) {
      last.nodes.push(node);
      return;
    }
    // Messages of this node are fanned out by `publish`, others (another node's, aedes' own) after this turn's listeners.
    if (this.#ours === undefined && last === undefined) queueMicrotask(() => this.#flush());
    this.#collected.push({ routed, nodes: [node] });
  }

  #flush(): void {
    const collected = this.#collected;
    this.#collected = [];
    for (const { routed, nodes } of collected) {
      const envelope = routed.properties ?? { qos: 0, retain: false, from: '', at: 0 };
      try {
        this.#fanOut(this.message(routed.topic, routed.payload, envelope), nodes)?.catch(this.#onError);
      } catch (error) {
        this.#onError(error);
      }
    }
  }

  /**
   * Routes a message of this node. When it returns, all who can have it now have it; when it resolves, it is also safe in
   * the queues of the others. Throws `topic.quota` at once, and then nobody has got it.
   */
  publish(message: CustomMessage): Promise<void> {
    this.#flush();
    this.#ours = message;
    let routing: Promise<void>;
    try {
      routing = this.#core.route(message.topic, message.payload, message.envelope);
    } finally {
      this.#ours = undefined;
    }
    const [mine] = this.#collected;
    this.#collected = [];
    const settled = mine === undefined ? undefined : this.#fanOut(message, mine.nodes);
    return settled === undefined ? routing : Promise.all([routing, settled]).then(() => undefined);
  }

  #fanOut(message: CustomMessage, nodes: readonly FilterNode[]): Promise<unknown> | undefined {
    const waits = new Set<Promise<unknown>>();
    const refused = message.envelope.qos === 0 ? undefined : this.#refuse();
    if (refused === 'topic.quota' && this.#anyMustQueue(message, nodes)) {
      throw new PetrelError(refused, 'The server queues as much as it may.');
    }
    if (refused === 'store.unavailable' && this.#anyPersistent(message, nodes)) {
      throw new PetrelError(refused);
    }
    if (nodes.length === 1) this.#fanOutPlain(message, nodes[0]!, waits);
    else this.#fanOutMerged(message, nodes, waits);
    for (const node of this.#sharesHere ? nodes : []) {
      for (const group of node.shares.values()) this.#deliverShared(message, group, waits);
    }
    return waits.size === 0 ? undefined : Promise.all(waits);
  }

  #fanOutPlain(message: CustomMessage, node: FilterNode, waits: Set<Promise<unknown>>): void {
    for (const [subscriber, subscription] of node.plain) {
      if (!subscriber.admits(subscription, message)) continue;
      const copy = copyFor(message, subscription);
      if (copy.qos > 0 && subscriber.comesByEntry) continue;
      const wait = subscriber.deliver(message, copy, undefined);
      if (wait !== undefined) waits.add(wait);
    }
  }

  /** One copy with the highest QoS and all identifiers of the subscriptions that match. [MQTT-3.3.4-2..5] */
  #fanOutMerged(message: CustomMessage, nodes: readonly FilterNode[], waits: Set<Promise<unknown>>): void {
    const receivers = new Map<Subscriber, Merged>();
    for (const node of nodes) {
      for (const [subscriber, subscription] of node.plain) {
        if (!subscriber.admits(subscription, message)) continue;
        const { options, identifiers } = subscription;
        const merged = receivers.get(subscriber);
        if (merged === undefined) {
          receivers.set(subscriber, {
            qos: options.qos,
            retainAsPublished: options.retainAsPublished ?? false,
            identifiers: identifiers === undefined ? undefined : [...identifiers],
          });
          continue;
        }
        if (options.qos > merged.qos) merged.qos = options.qos;
        merged.retainAsPublished ||= options.retainAsPublished ?? false;
        if (identifiers !== undefined) merged.identifiers = [...(merged.identifiers ?? []), ...identifiers];
      }
    }
    for (const [subscriber, { qos, retainAsPublished, identifiers }] of receivers) {
      const copy: Copy = {
        qos: Math.min(qos, message.envelope.qos) as QoS,
        retain: retainAsPublished && message.envelope.retain,
        identifiers,
      };
      if (copy.qos > 0 && subscriber.comesByEntry) continue;
      const wait = subscriber.deliver(message, copy, undefined);
      if (wait !== undefined) waits.add(wait);
    }
  }

  #deliverShared(message: CustomMessage, group: ShareGroup, waits: Set<Promise<unknown>>): void {
    const member = group.choose(message);
    if (member === undefined) return;
    const { subscriber, subscription } = member;
    const wait = subscriber.deliver(message, copyFor(message, subscription), subscription.options.filter);
    if (wait !== undefined) waits.add(wait);
  }

  /** Gives a message of a shared subscription to another member than the one whose session ended. */
  redeliver(message: CustomMessage, filter: string, share: string): Iterable<Promise<unknown>> {
    const group = this.#nodes.get(filter)?.shares.get(share);
    const waits = new Set<Promise<unknown>>();
    if (group !== undefined) this.#deliverShared(message, group, waits);
    return waits;
  }

  #anyMustQueue(message: CustomMessage, nodes: readonly FilterNode[]): boolean {
    return nodes.some(({ plain, shares }) => {
      for (const [subscriber, subscription] of plain) {
        if (subscription.options.qos === 0 || subscriber.hasRoom) continue;
        if (subscriber.admits(subscription, message)) return true;
      }
      return [...shares.values()].some((group) => group.wouldQueue(message));
    });
  }

  #anyPersistent(message: CustomMessage, nodes: readonly FilterNode[]): boolean {
    return nodes.some(({ plain, shares }) => {
      for (const [subscriber, subscription] of plain) {
        if (subscription.options.qos === 0 || !subscriber.persistent) continue;
        if (subscriber.admits(subscription, message)) return true;
      }
      return [...shares.values()].some((group) => group.anyPersistent);
    });
  }
}

/** The copy by one subscription. RETAIN stays only where the subscription asks for it. [MQTT-3.3.1-12] [MQTT-3.3.1-13] */
export const copyFor = (message: CustomMessage, { options, identifiers }: Subscription): Copy => ({
  qos: Math.min(options.qos, message.envelope.qos) as QoS,
  retain: message.envelope.retain && (options.retainAsPublished ?? false),
  identifiers,
});
