import { TopicPolicy } from '../../../policy/custom.ts';
import { PetrelError } from '../../../schemas/errors.ts';
import type { Identity } from '../../../schemas/identity.ts';
import { topicLevels } from '../../../schemas/topics.ts';
import type { StoredSubscription } from '../../../store/sessions.ts';
import type { RowChange } from '../../../store/shared-custom.ts';
import type { Will } from '../../gate/connect.ts';
import { reasons } from '../../gate/fault.ts';
import { acknowledge, subscriberOf } from '../acknowledge.ts';
import type { AedesCore } from '../aedes.ts';
import { packetIds, type SubscriberContext } from '../context.ts';
import {
  type CustomClient,
  type CustomPublish,
  type CustomTopics,
  type Granted,
  noCounts,
} from '../custom.ts';
import type { CustomMessage } from '../message.ts';
import { defaultLimits, maxLevels } from '../options.ts';
import { MemoryQueues } from '../queue.ts';
import { copyFor } from '../router.ts';
import { Subscriber } from '../subscriber.ts';
import { type Subscription, storedForms, subscriptionOf } from '../subscription.ts';
import { Claims } from './claims.ts';
import { Leaving } from './leaving.ts';
import { type Claim, Ledger } from './ledger.ts';
import { Messages } from './messages.ts';
import type { ClusterTopicsOptions } from './options.ts';
import { Publisher } from './publisher.ts';
import { isShared, rowOf, rowsOf } from './rows.ts';
import type { Transport } from './transport.ts';
import { View } from './view.ts';
import { ClusterWills } from './wills.ts';

const pumpMs = 1000;
/** `$SYS` values and expired messages are looked at every so many pumps. */
const pumpsPerRound = 10;

/**
 * Custom topics of a node of several. What every node has to know is in the shared store: who gets a message when its session may be
 * anywhere, what sessions have still to acknowledge, what topics retain, wills. A message is published there, and comes back by the
 * feed: its number gives one order to all. Sessions of this node's connections are served from memory.
 */
export class ClusterTopics implements CustomTopics {
  readonly counters = noCounts();
  readonly clusterWills: ClusterWills;
  readonly #options: ClusterTopicsOptions;
  readonly #core: AedesCore;
  readonly #policy: TopicPolicy;
  readonly #queues: MemoryQueues;
  readonly #view: View;
  readonly #ledger: Ledger;
  readonly #claims: Claims;
  readonly #messages: Messages;
  readonly #context: SubscriberContext;
  readonly #subscribers = new Map<string, Subscriber>();
  readonly #clients = new Map<string, CustomClient>();
  readonly #attached = new WeakMap<CustomClient, Promise<Subscriber>>();
  /** Whose connections have ended. */
  readonly #gone = new WeakSet<CustomClient>();
  readonly #leaving: Leaving;
  readonly #timer: NodeJS.Timeout;
  #pumps = 0;
  #closed = false;

  constructor(core: AedesCore, transport: Transport, options: ClusterTopicsOptions) {
    const limits = { ...defaultLimits, ...options.limits };
    const { now, onError, shared, node } = options;
    this.#options = options;
    this.#core = core;
    this.#policy = new TopicPolicy(options.rules);
    this.#ledger = new Ledger(shared, node, now, (claim) => this.#fenced(claim));
    this.#queues = new MemoryQueues(limits, ({ entry }) => {
      this.counters.expired++;
      this.#ledger.remove(entry);
    });
    this.#claims = new Claims(shared, this.#ledger, node);
    const handlers = {
      entry: (...arrived: Parameters<Claims['arrived']>) => this.#claims.arrived(...arrived),
      chosen: (key: string, filter: string, message: CustomMessage) => this.#chosen(key, filter, message),
      readAnew: () => this.#claims.readAnew((claim) => this.#fenced(claim)),
      missed: () => this.#endUnrepaired(),
    };
    const { policy, counters } = { policy: this.#policy, counters: this.counters };
    this.#view = new View({ ...options, core, transport, policy, counters, limits, handlers });
    const { records, roster, feed, retained } = this.#view;
    this.#messages = new Messages(transport, records, roster, new Publisher(shared, feed));
    this.#leaving = new Leaving(onError);
    this.clusterWills = new ClusterWills(shared, node, this.#leaving);
    this.#context = {
      ...{ policy, queues: this.#queues, journal: this.#ledger, retained, counters, waiting: new Set(), now },
      maxBacklogBytes: limits.maxBacklogBytes,
      maxInFlightBytes: limits.maxInFlightBytes,
      nextId: packetIds(),
    };
    this.#timer = setInterval(() => this.#pump(), pumpMs);
    this.#timer.unref();
  }

  start(): Promise<void> {
    return this.#view.feed.start();
  }

  #pump(): void {
    for (const subscriber of [...this.#context.waiting]) subscriber.pump();
    this.#pumps++;
    if (this.#pumps % pumpsPerRound !== 0) return;
    this.#queues.expire(this.#options.now());
    this.#view.round();
  }

  /** Nobody keeps what sessions that end with their connection missed. */
  #endUnrepaired(): void {
    for (const [key, client] of [...this.#clients]) {
      const subscriber = this.#subscribers.get(key);
      if (subscriber === undefined || subscriber.comesByEntry) continue;
      if (![...subscriber.subscriptions.values()].some(({ options }) => options.qos > 0)) continue;
      client.link.end(reasons.implementationError, 'Messages to this session may have been lost.');
    }
  }

  /** Another node has the session, or nobody: the client comes again, and gets what is there. */
  #fenced({ session }: Claim): void {
    this.#clients.get(session)?.link.end(reasons.sessionTakenOver, 'Another node has the session.');
  }

  #chosen(key: string, filter: string, message: CustomMessage): void {
    const subscriber = this.#subscribers.get(key);
    const subscription = subscriber?.subscriptions.get(filter);
    if (!subscriber?.connected || subscription === undefined) return;
    subscriber.deliver(message, copyFor(message, subscription), filter);
  }

  async publish(client: Pick<CustomClient, 'key' | 'identity'>, sent: CustomPublish): Promise<void> {
    const { topic, payload, qos, retain, properties } = sent;
    if (!this.mayPublish(client.identity, topic)) throw new PetrelError('topic.forbidden');
    if (topicLevels(topic) > maxLevels) throw new PetrelError('topic.invalid');
    if (this.#closed) throw new PetrelError('store.unavailable');
    const envelope = { qos, retain, from: client.key, at: this.#options.now() };
    this.counters.published++;
    const body = { topic, payload, envelope: properties ? { ...envelope, properties } : envelope };
    this.counters.droppedFull += await this.#messages.publish(body);
  }

  async subscribe(client: CustomClient, options: StoredSubscription): Promise<Granted> {
    const subscription = subscriptionOf(this.#policy, client.identity, options);
    if (subscription === undefined || subscription.access === 'none') return { code: reasons.notAuthorized };
    const { filter, share } = subscription;
    if (topicLevels(filter) > maxLevels) return { code: reasons.topicFilterInvalid };
    // What was acknowledged before is known here: retained messages, and nothing of it comes live.
    await this.#view.catchUp();
    const subscriber = await this.#attach(client);
    const before = subscriber.subscriptions.get(options.filter);
    const heard = this.#view.feed.position;
    let kept = heard;
    try {
      await this.#add(subscriber, subscription);
      if (isShared(subscriber, subscription)) {
        kept = await this.#tell([rowOf(client, subscriber, options, this.#options.node)]);
      }
    } catch (error) {
      await this.#undo(subscriber, subscription, before);
      if (error instanceof PetrelError) throw error;
      this.#options.onError(error);
      return { code: reasons.implementationError };
    }
    // [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11]; a shared subscription gets none (section 4.8.2)
    const handling = options.retainHandling ?? 0;
    if (share !== undefined || handling === 2 || (handling === 1 && before !== undefined))
      return { code: options.qos };
    const sendRetained = (): void => {
      if (!subscriber.isClient(client)) return;
      subscriber.feed(subscription, this.#view.retainedFor(subscription, heard, kept));
    };
    return { code: options.qos, sendRetained };
  }

  async #add(subscriber: Subscriber, subscription: Subscription): Promise<void> {
    // [MQTT-3.8.4-3] the same filter again replaces the subscription
    subscriber.subscriptions.set(subscription.options.filter, subscription);
    await this.#view.router.add(subscriber, subscription);
  }

  async #undo(subscriber: Subscriber, added: Subscription, before: Subscription | undefined): Promise<void> {
    const { filter } = added.options;
    if (subscriber.subscriptions.get(filter) !== added) return;
    if (before !== undefined) {
      await this.#add(subscriber, before);
      return;
    }
    subscriber.subscriptions.delete(filter);
    await this.#view.router.remove(subscriber, added);
  }

  /** Every node knows when it resolves: what is published from now on goes by it. */
  async #tell(changes: readonly RowChange[]): Promise<number> {
    const number = await this.#options.shared.changeRows(changes);
    await this.#view.feed.reached(number);
    return number;
  }

  /** The client's subscriber, with all that its session has. */
  #attach(client: CustomClient): Promise<Subscriber> {
    const known = this.#attached.get(client);
    if (known !== undefined) return known;
    const attached = this.#attachNow(client);
    this.#attached.set(client, attached);
    attached.catch(() => this.#attached.delete(client));
    return attached;
  }

  async #attachNow(client: CustomClient): Promise<Subscriber> {
    const { key } = client;
    await this.#leaving.settled(key);
    if (this.#gone.has(client)) throw new PetrelError('store.unavailable');
    const subscriber = new Subscriber(key, client.identity, this.#context);
    this.#clients.set(key, client);
    const comesByEntry = client.persistent || this.#view.roster.has(key);
    if (comesByEntry) await this.#claims.claim(subscriber);
    if (this.#gone.has(client)) throw new PetrelError('store.unavailable');
    this.#subscribers.set(key, subscriber);
    subscriber.attach(client, comesByEntry);
    return subscriber;
  }

  async unsubscribe(client: CustomClient, filter: string): Promise<number> {
    const subscriber = this.#subscribers.get(client.key);
    const subscription = subscriber?.subscriptions.get(filter);
    if (subscriber === undefined || subscription === undefined) return reasons.noSubscriptionExisted;
    try {
      if (isShared(subscriber, subscription)) {
        await this.#tell([{ session: client.key, filter }]);
      }
    } catch (error) {
      this.#options.onError(error);
      return reasons.implementationError;
    }
    subscriber.subscriptions.delete(filter);
    await this.#view.router.remove(subscriber, subscription);
    return reasons.success;
  }

  acknowledge(...given: Parameters<CustomTopics['acknowledge']>): Buffer | undefined {
    return acknowledge(this.#subscribers, ...given);
  }

  async resume(client: CustomClient, subscriptions: readonly StoredSubscription[]): Promise<void> {
    const { shared } = this.#options;
    const has = subscriptions.length > 0 || this.#view.roster.has(client.key);
    if (!has && !(await shared.holds(client.key))) return;
    // Where the session was last, it may have subscribed a moment ago.
    await this.#view.catchUp();
    const subscriber = await this.#attach(client);
    const known = new Map(this.#view.roster.of(client.key).map((one) => [one.filter, one]));
    const changed: RowChange[] = [];
    const scopes = [...client.identity.scopes].join();
    for (const options of [...known.values(), ...subscriptions]) {
      if (subscriber.subscriptions.has(options.filter)) continue;
      const subscription = subscriptionOf(this.#policy, client.identity, options);
      if (subscription === undefined) continue;
      await this.#add(subscriber, subscription);
      const row = known.get(options.filter);
      const same = row !== undefined && (row.scopes ?? []).join() === scopes;
      if (!same && !options.filter.startsWith('$SYS'))
        changed.push(rowOf(client, subscriber, options, this.#options.node));
    }
    if (changed.length > 0) await this.#tell(changed);
    subscriber.pump();
  }

  roomy(client: CustomClient): void {
    const { waiting } = this.#context;
    if (waiting.size === 0) return;
    const subscriber = subscriberOf(this.#subscribers, client);
    if (subscriber !== undefined && waiting.has(subscriber)) subscriber.pump();
  }

  renew(client: CustomClient, identity: Identity): void {
    client.identity = identity;
    const subscriber = subscriberOf(this.#subscribers, client);
    if (subscriber === undefined) return;
    const rows = rowsOf(client, subscriber, this.#options.node);
    if (rows.length > 0) this.#tell(rows).catch(this.#options.onError);
  }

  subscriptionsOf(key: string): readonly StoredSubscription[] {
    const subscriber = this.#subscribers.get(key);
    if (subscriber === undefined) return this.#view.roster.of(key);
    return storedForms(subscriber.subscriptions.values(), subscriber.user);
  }

  detach(client: CustomClient): void {
    const { key } = client;
    this.#gone.add(client);
    if (this.#clients.get(key) !== client) return;
    this.#clients.delete(key);
    const subscriber = subscriberOf(this.#subscribers, client);
    subscriber?.detach();
    const left: Promise<unknown>[] = [this.#claims.end(key)];
    if (subscriber !== undefined) {
      if (!subscriber.comesByEntry) left.push(this.#leave(subscriber));
      left.push(...this.#drop(subscriber));
    }
    this.#leaving.add(key, ...left);
  }

  /** A session that ends with its connection is in no group any more, and others get what it had of them. */
  async #leave(subscriber: Subscriber): Promise<void> {
    const shares = [...subscriber.subscriptions.values()].filter(({ share }) => share !== undefined);
    if (shares.length === 0) return;
    const had = subscriber.end();
    const ifNode = this.#options.node;
    await this.#tell(shares.map(({ options: { filter } }) => ({ session: subscriber.key, filter, ifNode })));
    await Promise.all(had.map(({ message, share }) => this.#messages.publish(message, share)));
  }

  /** What the node knows of the session goes; what is to be kept of it is in the store. */
  #drop(subscriber: Subscriber): Promise<void>[] {
    if (this.#subscribers.get(subscriber.key) === subscriber) this.#subscribers.delete(subscriber.key);
    subscriber.drop();
    return Array.from(subscriber.subscriptions.values(), (one) => this.#view.router.remove(subscriber, one));
  }

  /** Resolves when what the ended connection of the session left is written, as far as it can be. */
  settled(key: string): Promise<void> {
    return this.#leaving.settled(key);
  }

  async forget(key: string): Promise<void> {
    const subscriber = this.#subscribers.get(key);
    const dropped = subscriber === undefined ? [] : this.#drop(subscriber);
    await Promise.all([...dropped, this.#claims.end(key, true)]);
    await this.#messages.passOn(await this.#options.shared.forget(key));
  }

  /** Sessions of all nodes are in the store; none has to be made at the start. */
  sessions(): string[] {
    return [];
  }

  someSessions(count: number): string[] {
    return this.#view.roster.some(count);
  }

  restore(): void {}

  async check(): Promise<void> {
    await this.#options.shared.check();
    if (!this.#view.feed.isWhole) throw new PetrelError('store.unavailable');
  }

  async keepWill(key: string, { scopes }: Identity, will: Will, delaySeconds: number): Promise<void> {
    await this.clusterWills.keep(key, will, { delaySeconds, scopes: [...scopes], at: this.#options.now() });
  }

  dropWill(key: string): void {
    const token = this.clusterWills.tokenOf(key);
    if (token !== undefined) this.clusterWills.drop(key, token).catch(this.#options.onError);
  }

  willSent(): void {}

  /** Those of nodes that died are `clusterWills` to adopt. */
  async *wills(): AsyncGenerator<never> {}

  mayPublish(identity: Identity, topic: string): boolean {
    return this.#policy.rightsOf(identity).mayPublish(topic);
  }

  /** The node may have been taken for dead: sessions that are not its own any more end, its members of groups are there again. */
  async recheck(): Promise<void> {
    await this.#claims.readAnew((claim) => this.#fenced(claim));
    const rows = [...this.#clients.values()].flatMap((client) => {
      const subscriber = subscriberOf(this.#subscribers, client);
      const isOwn = subscriber !== undefined && !subscriber.comesByEntry;
      return isOwn ? rowsOf(client, subscriber, this.#options.node) : [];
    });
    if (rows.length > 0) await this.#tell(rows);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#leaving.all();
    await this.#ledger.close();
    this.#view.feed.close();
    await this.#core.close();
  }
}
