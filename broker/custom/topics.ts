import { TopicPolicy, type TopicUser } from '../../policy/custom.ts';
import { PetrelError } from '../../schemas/errors.ts';
import type { Identity } from '../../schemas/identity.ts';
import { filterTopic, topicLevels } from '../../schemas/topics.ts';
import type { CustomRecord } from '../../store/custom.ts';
import type { StoredSubscription } from '../../store/sessions.ts';
import type { Will } from '../gate/connect.ts';
import { reasons } from '../gate/fault.ts';
import { acknowledge, subscriberOf } from './acknowledge.ts';
import { AedesCore } from './aedes.ts';
import { packetIds, type SubscriberContext } from './context.ts';
import {
  type CustomClient,
  type CustomPublish,
  type CustomTopics,
  type Granted,
  noCounts,
} from './custom.ts';
import { Journal, type KeptWill, restored } from './journal.ts';
import { CustomMessage } from './message.ts';
import { type CustomOptions, defaultLimits, maxLevels } from './options.ts';
import { MemoryQueues } from './queue.ts';
import { RetainedMessages } from './retained.ts';
import { Router } from './router.ts';
import { Subscriber } from './subscriber.ts';
import { type Subscription, storedForms, subscriptionOf } from './subscription.ts';
import { brokerValues, SystemTopics } from './system.ts';

const pumpMs = 1000;
/** `$SYS` values and expired retained messages are looked at every so many pumps. */
const pumpsPerRound = 10;

/** Makes the custom topics of a node. */
export async function createCustomTopics(options: CustomOptions): Promise<CustomTopics> {
  const { mq, persistence, id, onError } = options;
  const core = await AedesCore.open({
    ...(mq === undefined ? {} : { mq }),
    ...(persistence === undefined ? {} : { persistence }),
    ...(id === undefined ? {} : { id }),
    onError,
  });
  const topics = new Topics(core, options);
  await topics.load();
  return topics;
}

/** The user of a session that has not been seen since the start. */
const noRights = (key: string): TopicUser => ({ uid: key.slice(0, key.indexOf('/')), scopes: new Set() });

class Topics implements CustomTopics {
  readonly counters = noCounts();
  readonly #core: AedesCore;
  readonly #queues: MemoryQueues;
  readonly #journal: Journal | undefined;
  readonly #policy: TopicPolicy;
  readonly #retained: RetainedMessages;
  readonly #router: Router;
  readonly #system: SystemTopics;
  readonly #context: SubscriberContext;
  readonly #subscribers = new Map<string, Subscriber>();
  readonly #onError: (error: unknown) => void;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #pumps = 0;
  #closed = false;

  constructor(core: AedesCore, options: CustomOptions) {
    const limits = { ...defaultLimits, ...options.limits };
    const { now, onError, store } = options;
    const journal = store === undefined ? undefined : new Journal(store, onError);
    const queues = new MemoryQueues(limits, ({ entry }) => {
      this.counters.expired++;
      journal?.remove(entry);
    });
    this.#queues = queues;
    this.#journal = journal;
    this.#core = core;
    this.#now = now;
    this.#onError = onError;
    this.#policy = new TopicPolicy(options.rules);
    this.#retained = new RetainedMessages(journal ?? core, limits, now);
    this.#router = new Router(
      core,
      () => (journal?.failing ? 'store.unavailable' : queues.full ? 'topic.quota' : undefined),
      onError,
    );
    this.#context = {
      policy: this.#policy,
      queues,
      journal,
      retained: this.#retained,
      counters: this.counters,
      waiting: new Set(),
      maxBacklogBytes: limits.maxBacklogBytes,
      maxInFlightBytes: limits.maxInFlightBytes,
      now,
      nextId: packetIds(),
    };
    const { version, connected } = options;
    const told = { version, now, connected, retained: this.#retained, counters: this.counters };
    this.#system = new SystemTopics(this.#router, brokerValues(told), now);
    this.#timer = setInterval(() => this.#pump(), pumpMs);
    this.#timer.unref();
  }

  /** Takes up what the store kept. */
  async load(): Promise<void> {
    await this.#retained.load();
    if (this.#journal === undefined) return;
    const messages = new Map<CustomRecord, CustomMessage>();
    for await (const kept of this.#journal.entries()) {
      let message = messages.get(kept.message);
      if (message === undefined) {
        const { topic, payload, envelope } = restored(kept.message);
        // Older than all messages of this process.
        message = new CustomMessage(topic, payload, envelope, 0);
        messages.set(kept.message, message);
        this.#journal.adopt(message, kept.message);
      }
      this.#subscriber(kept.session, noRights(kept.session)).restore(message, kept);
    }
  }

  #subscriber(key: string, user: TopicUser): Subscriber {
    const known = this.#subscribers.get(key);
    if (known !== undefined) return known;
    const subscriber = new Subscriber(key, user, this.#context);
    this.#subscribers.set(key, subscriber);
    return subscriber;
  }

  #pump(): void {
    // One message after a failure may find out whether the store works again.
    if (this.#journal !== undefined) this.#journal.failing = false;
    for (const subscriber of [...this.#context.waiting]) subscriber.pump();
    this.#pumps++;
    if (this.#pumps % pumpsPerRound !== 0) return;
    this.#retained.expire();
    this.#queues.expire(this.#now());
    this.#system.tell().catch(this.#onError);
  }

  async publish(client: Pick<CustomClient, 'key' | 'identity'>, sent: CustomPublish): Promise<void> {
    const { topic, payload, qos, retain, properties } = sent;
    if (!this.mayPublish(client.identity, topic)) throw new PetrelError('topic.forbidden');
    if (topicLevels(topic) > maxLevels) throw new PetrelError('topic.invalid');
    if (this.#closed) throw new PetrelError('store.unavailable');
    const envelope = { qos, retain, from: client.key, at: this.#now() };
    const message = this.#router.message(
      topic,
      payload,
      properties === undefined ? envelope : { ...envelope, properties },
    );
    if (retain) {
      this.#retained.check(message);
      if (this.#journal?.failing) throw new PetrelError('store.unavailable');
    }
    const routed = this.#router.publish(message);
    this.counters.published++;
    try {
      await (retain ? Promise.all([routed, this.#retained.set(message)]) : routed);
    } catch (error) {
      if (error instanceof PetrelError) throw error;
      this.#onError(error);
      throw new PetrelError('store.unavailable', undefined, { cause: error });
    }
  }

  async subscribe(client: CustomClient, options: StoredSubscription): Promise<Granted> {
    const subscription = subscriptionOf(this.#policy, client.identity, options);
    if (subscription === undefined || subscription.access === 'none') return { code: reasons.notAuthorized };
    const { filter, share } = subscription;
    if (topicLevels(filter) > maxLevels) return { code: reasons.topicFilterInvalid };
    const subscriber = this.#attach(client);
    const known = subscriber.subscriptions.has(options.filter);
    const newest = this.#router.newest;
    try {
      await this.#add(subscriber, subscription);
    } catch (error) {
      this.#onError(error);
      return { code: reasons.implementationError };
    }
    // [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11]; a shared subscription gets none (section 4.8.2)
    const handling = options.retainHandling ?? 0;
    if (share !== undefined || handling === 2 || (handling === 1 && known)) return { code: options.qos };
    const sendRetained = (): void => {
      if (subscriber.isClient(client)) subscriber.feed(subscription, this.#retainedFor(filter, newest));
    };
    return { code: options.qos, sendRetained };
  }

  async #add(subscriber: Subscriber, subscription: Subscription): Promise<void> {
    const { filter } = subscription.options;
    // [MQTT-3.8.4-3] the same filter again replaces the subscription
    subscriber.subscriptions.set(filter, subscription);
    try {
      await this.#router.add(subscriber, subscription);
    } catch (error) {
      if (subscriber.subscriptions.get(filter) === subscription) subscriber.subscriptions.delete(filter);
      throw error;
    }
  }

  /** Retained messages that are older than the subscription; newer ones came live. */
  *#retainedFor(filter: string, newest: number): Generator<CustomMessage, undefined> {
    if (filter.startsWith('$')) yield* this.#system.matching(filter);
    for (const topic of this.#retained.matching(filter)) {
      const message = this.#retained.get(topic);
      if (message !== undefined && message.number <= newest) yield message;
    }
    return undefined;
  }

  #attach(client: CustomClient): Subscriber {
    const subscriber = this.#subscriber(client.key, client.identity);
    subscriber.attach(client);
    return subscriber;
  }

  async unsubscribe(client: CustomClient, filter: string): Promise<number> {
    const subscriber = this.#subscribers.get(client.key);
    const subscription = subscriber?.subscriptions.get(filter);
    if (subscriber === undefined || subscription === undefined) return reasons.noSubscriptionExisted;
    subscriber.subscriptions.delete(filter);
    await this.#router.remove(subscriber, subscription);
    return reasons.success;
  }

  acknowledge(...given: Parameters<CustomTopics['acknowledge']>): Buffer | undefined {
    return acknowledge(this.#subscribers, ...given);
  }

  async resume(client: CustomClient, subscriptions: readonly StoredSubscription[]): Promise<void> {
    if (subscriptions.length === 0 && !this.#subscribers.has(client.key)) return;
    const subscriber = this.#attach(client);
    subscriber.pump();
    await this.#takeUp(subscriber, client.identity, subscriptions);
  }

  async #takeUp(
    subscriber: Subscriber,
    user: TopicUser,
    subscriptions: readonly StoredSubscription[],
  ): Promise<void> {
    const added: Promise<void>[] = [];
    for (const options of subscriptions) {
      if (subscriber.subscriptions.has(options.filter)) continue;
      const subscription = subscriptionOf(this.#policy, user, options);
      if (subscription !== undefined) added.push(this.#add(subscriber, subscription));
    }
    await Promise.all(added);
  }

  roomy(client: CustomClient): void {
    const { waiting } = this.#context;
    if (waiting.size === 0) return;
    const subscriber = subscriberOf(this.#subscribers, client);
    if (subscriber !== undefined && waiting.has(subscriber)) subscriber.pump();
  }

  renew(client: CustomClient, identity: Identity): void {
    client.identity = identity;
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }

  subscriptionsOf(key: string): readonly StoredSubscription[] {
    const subscriber = this.#subscribers.get(key);
    if (subscriber === undefined) return [];
    return storedForms(subscriber.subscriptions.values(), subscriber.user);
  }

  detach(client: CustomClient): void {
    const subscriber = subscriberOf(this.#subscribers, client);
    if (subscriber === undefined) return;
    subscriber.detach();
    if (!subscriber.persistent) this.forget(client.key).catch(this.#onError);
  }

  async forget(key: string): Promise<void> {
    const subscriber = this.#subscribers.get(key);
    if (subscriber === undefined) return;
    this.#subscribers.delete(key);
    const removed = Array.from(subscriber.subscriptions.values(), (subscription) =>
      this.#router.remove(subscriber, subscription),
    );
    const redelivered: Promise<unknown>[] = [];
    const stored = subscriber.persistent || subscriber.holdsMessages;
    for (const { message, share } of subscriber.end()) {
      const asked = filterTopic(share!);
      if (asked.kind !== 'custom' || asked.share === undefined) continue;
      redelivered.push(...this.#router.redeliver(message, asked.filter, asked.share));
    }
    // A later session of this name gets none of it, whatever crashes.
    if (stored) redelivered.push(this.#journal?.written() ?? Promise.resolve());
    await Promise.all([...removed, ...redelivered]);
  }

  sessions(): string[] {
    return [...this.#subscribers.keys()];
  }

  async check(): Promise<void> {
    await this.#journal?.check();
  }

  restore(
    key: string,
    identity: Pick<Identity, 'uid' | 'scopes'>,
    subscriptions: readonly StoredSubscription[],
  ): void {
    if (subscriptions.length === 0) return;
    const subscriber = this.#subscriber(key, identity);
    subscriber.remember(identity);
    this.#takeUp(subscriber, identity, subscriptions).catch(this.#onError);
  }

  async keepWill(key: string, { scopes }: Identity, will: Will, delaySeconds: number): Promise<void> {
    await this.#journal?.will(key, will, { delaySeconds, scopes: [...scopes], at: this.#now() });
  }

  dropWill(key: string): void {
    this.#journal?.dropWill(key);
  }

  willSent(key: string): void {
    this.#journal?.willSent(key);
  }

  async *wills(): AsyncGenerator<KeptWill> {
    if (this.#journal !== undefined) yield* this.#journal.wills();
  }

  mayPublish(identity: Identity, topic: string): boolean {
    return this.#policy.rightsOf(identity).mayPublish(topic);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#core.close();
  }
}
