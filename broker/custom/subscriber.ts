import type { TopicRights, TopicUser } from '../../policy/custom.ts';
import type { KeptEntry } from '../../store/custom.ts';
import { reasons } from '../gate/fault.ts';
import { ack, packetTypes } from '../gate/writer.ts';
import type { SubscriberContext } from './context.ts';
import type { CustomClient } from './custom.ts';
import { type RetainedFeed, retainedCopy } from './feed.ts';
import { Flights } from './flights.ts';
import type { EntryOwner } from './journal.ts';
import type { Copy, CustomMessage } from './message.ts';
import type { Queued } from './queue.ts';
import type { Subscription } from './subscription.ts';
import { transmit } from './transmit.ts';

/** The PUBREL for a PUBREC of an id that has no flow: Packet Identifier not found. */
export const unknownFlow = (version: number, id: number): Buffer =>
  ack(version, packetTypes.pubrel, id, reasons.packetIdNotFound);

/** A session's side of custom topics: its subscriptions, what is in flight, and what waits for room or for its return. */
export class Subscriber implements EntryOwner {
  readonly key: string;
  /** By the filter as the client wrote it. */
  readonly subscriptions = new Map<string, Subscription>();
  readonly #context: SubscriberContext;
  readonly #flights = new Flights();
  #user: TopicUser;
  #rights: TopicRights;
  #client: CustomClient | undefined;
  #persistent = true;
  #feeds: RetainedFeed[] = [];
  #comesByEntry = false;

  constructor(key: string, user: TopicUser, context: SubscriberContext) {
    this.key = key;
    this.#context = context;
    this.#user = user;
    this.#rights = context.policy.rightsOf(user);
  }

  get connected(): boolean {
    return this.#client !== undefined;
  }

  /** Whether messages queue while there is no connection. */
  get persistent(): boolean {
    return this.#persistent;
  }

  /** Whether QoS 1 and 2 come by `arrive` alone: another store than the journal keeps them. */
  get comesByEntry(): boolean {
    return this.#comesByEntry;
  }

  /** Whether anything is in flight or waits. */
  get holdsMessages(): boolean {
    return this.#flights.size > 0 || this.#context.queues.first(this.key) !== undefined;
  }

  isClient(client: CustomClient): boolean {
    return this.#client === client;
  }

  /** Who the client is, as its token says now (AUTH may have brought another) or said last. */
  get user(): TopicUser {
    return this.#client?.identity ?? this.#user;
  }

  /** At the start: who the client was when it was last here. */
  remember(user: TopicUser): void {
    this.#user = user;
    this.#rights = this.#context.policy.rightsOf(user);
  }

  /** What it may do. */
  get rights(): TopicRights {
    const { user } = this;
    if (user !== this.#user) {
      this.#user = user;
      this.#rights = this.#context.policy.rightsOf(user);
      for (const subscription of this.subscriptions.values()) {
        subscription.access = this.#rights.access(subscription.filter);
      }
    }
    return this.#rights;
  }

  /** Whether a message may reach the client by this subscription. */
  admits(subscription: Subscription, message: CustomMessage): boolean {
    const { rights } = this;
    if (subscription.access === 'none') return false;
    if (subscription.options.noLocal && message.envelope.from === this.key) return false; // [MQTT-3.8.3-3]
    return subscription.access === 'all' || rights.mayReceive(message.topic);
  }

  /** A connection takes the session up. */
  attach(client: CustomClient, comesByEntry = false): void {
    if (this.#client === client) return;
    this.#client = client;
    this.#comesByEntry = comesByEntry;
    this.#persistent = client.persistent || comesByEntry;
    this.#flights.startOver();
  }

  /** The connection has ended: what was still to come of retained messages queues with the rest. */
  detach(): void {
    const feeds = this.#feeds;
    this.#feeds = [];
    // Its rights are the last known from now on.
    void this.rights;
    this.#client = undefined;
    this.#context.waiting.delete(this);
    for (const { message } of this.#flights.list()) message?.keep();
    if (!this.#persistent) return;
    for (const feed of feeds) {
      for (let message = feed.next; message !== undefined; message = feed.messages.next().value) {
        const copy = retainedCopy(feed.subscription, message);
        if (copy.qos > 0) this.#enqueue(message, copy, undefined);
      }
    }
  }

  /** Whether a QoS 1 or 2 message would go out at once. */
  get hasRoom(): boolean {
    const client = this.#client;
    return client !== undefined && this.#idle && this.#fits(client);
  }

  get #idle(): boolean {
    return (
      this.#feeds.length === 0 &&
      this.#flights.unsent === 0 &&
      this.#context.queues.first(this.key) === undefined
    );
  }

  #fits(client: CustomClient): boolean {
    return (
      client.session.room > 0 &&
      client.link.backlog < this.#context.maxBacklogBytes &&
      this.#flights.bytes < this.#context.maxInFlightBytes &&
      this.#flights.size < 0x7fff
    );
  }

  /** Delivers now, or keeps for later. A promise where it takes time until a persistent session cannot lose the message. */
  deliver(message: CustomMessage, copy: Copy, share: string | undefined): Promise<void> | undefined {
    const client = this.#client;
    if (copy.qos === 0) {
      if (client !== undefined) this.#sendAtOnce(client, message, copy);
      return undefined;
    }
    if (client !== undefined && this.#idle && this.#fits(client)) {
      const entry = this.#send(client, message, copy, share);
      return entry === 0 ? undefined : this.#context.journal?.written();
    }
    if (client === undefined && !this.#persistent) return undefined;
    return this.#enqueue(message, copy, share);
  }

  #enqueue(message: CustomMessage, copy: Copy, share: string | undefined): Promise<void> | undefined {
    const { queues, counters, waiting, now, journal } = this.#context;
    if (message.expired(now())) {
      counters.expired++;
      return undefined;
    }
    message.keep();
    if (this.connected) waiting.add(this);
    const queued: Queued = { message, copy, share, entry: 0 };
    if (!queues.push(this.key, queued, now())) {
      counters.droppedFull++;
      return undefined;
    }
    counters.queued++;
    if (journal === undefined || !this.#persistent) return undefined;
    queued.entry = journal.add(this, message, copy, share, undefined);
    return journal.written();
  }

  /** A message for which the session has an entry already: it goes out when it is its turn. */
  arrive(message: CustomMessage, copy: Copy, share: string | undefined, entry: number): void {
    message.keep();
    this.#context.queues.append(this.key, { message, copy, share, entry });
    this.#context.counters.queued++;
    this.pump();
  }

  /** Another one has the session now: what is known of it here goes. */
  drop(): void {
    this.#context.waiting.delete(this);
    this.#feeds = [];
    this.#context.queues.clear(this.key);
  }

  /** The entry could not be stored, and its publisher is told: what waits is not sent. */
  lost(entry: number): void {
    this.#context.queues.remove(this.key, entry);
  }

  /** Takes up what an earlier process had for the session: first what is in flight, then what waits. */
  restore(message: CustomMessage, kept: Omit<KeptEntry, 'session' | 'message'>): void {
    const { queues, journal, now } = this.#context;
    const { id: entry, qos, retain, identifiers, share, packetId, received } = kept;
    const copy: Copy = { qos, retain, identifiers };
    if (packetId === undefined) {
      const queued = { message, copy, share, entry };
      if (message.expired(now()) || !queues.push(this.key, queued, now())) journal?.remove(entry);
      return;
    }
    const older = this.#flights.get(packetId);
    if (older !== undefined) {
      // The id was used again: the earlier message had been acknowledged, which was not written any more.
      journal?.remove(older.entry);
      this.#flights.remove(packetId);
    }
    this.#flights.add(packetId, message, copy, share, entry);
    if (received) this.#flights.release(this.#flights.get(packetId)!);
  }

  #sendAtOnce(client: CustomClient, message: CustomMessage, copy: Copy): void {
    const { link } = client;
    if (link.backlog > this.#context.maxBacklogBytes) {
      this.#context.counters.droppedSlow++;
      return;
    }
    if (this.#transmit(client, message, copy, 0, false)) this.#context.counters.delivered++;
  }

  /** Answers the journal's entry of a persistent session's message, the given one or a new one; else 0. */
  #send(
    client: CustomClient,
    message: CustomMessage,
    copy: Copy,
    share: string | undefined,
    known = 0,
  ): number {
    const { journal } = this.#context;
    if (message.sharedId === 0) message.sharedId = this.#context.nextId();
    let id = message.sharedId;
    while (this.#flights.has(id)) id = this.#context.nextId();
    if (!this.#transmit(client, message, copy, id, false)) {
      journal?.remove(known);
      return 0;
    }
    let entry = known;
    if (entry !== 0) journal?.sent(entry, id);
    else if (journal !== undefined && this.#persistent) entry = journal.add(this, message, copy, share, id);
    this.#flights.add(id, message, copy, share, entry);
    client.session.otherInFlight++;
    this.#context.counters.delivered++;
    return entry;
  }

  /** False: too large for the client; it is passed over as if it had been sent. [MQTT-3.1.2-25] */
  #transmit(client: CustomClient, message: CustomMessage, copy: Copy, id: number, dup: boolean): boolean {
    const sent = transmit(client, message, copy, id, dup, this.#context.now());
    if (!sent) this.#context.counters.droppedLarge++;
    return sent;
  }

  /** Sends retained messages to a new subscription, as far as there is room; the rest follows. */
  feed(subscription: Subscription, messages: Iterator<CustomMessage>): void {
    const next = messages.next().value as CustomMessage | undefined;
    if (next === undefined) return;
    this.#feeds.push({ subscription, messages, next });
    this.pump();
  }

  /** Sends what waits, in order: unacknowledged messages again, then retained ones, then the queue. */
  pump(): void {
    const client = this.#client;
    if (client === undefined) return;
    const done = this.#resend(client) && this.#pumpFeeds(client) && this.#pumpQueue(client);
    if (done) this.#context.waiting.delete(this);
    else this.#context.waiting.add(this);
  }

  /** On a new connection: every PUBLISH with its packet id and DUP, every PUBREL, in the first order. [MQTT-4.4.0-1] */
  #resend(client: CustomClient): boolean {
    const { link, session } = client;
    while (this.#flights.unsent > 0) {
      if (session.room <= 0) return false;
      const flight = this.#flights.takeUnsent();
      session.otherInFlight++;
      if (flight.message === undefined) link.send(ack(link.version, packetTypes.pubrel, flight.id));
      else if (!this.#transmit(client, flight.message, flight.copy, flight.id, true)) {
        this.#land(client, flight.id);
      }
    }
    return true;
  }

  #pumpFeeds(client: CustomClient): boolean {
    for (let feed = this.#feeds[0]; feed !== undefined; feed = this.#feeds[0]) {
      const { next, subscription } = feed;
      if (next === undefined || this.subscriptions.get(subscription.options.filter) !== subscription) {
        this.#feeds.shift();
        continue;
      }
      if (!this.#fits(client)) return false;
      feed.next = feed.messages.next().value;
      if (!this.admits(subscription, next)) continue;
      const copy = retainedCopy(subscription, next);
      if (copy.qos === 0) this.#sendAtOnce(client, next, copy);
      else this.#sendUnshared(client, next, copy, undefined);
    }
    return true;
  }

  #pumpQueue(client: CustomClient): boolean {
    const { queues, counters, now, journal } = this.#context;
    const { rights } = this;
    for (let queued = queues.first(this.key); queued !== undefined; queued = queues.first(this.key)) {
      const { message, copy, share } = queued;
      const expired = message.expired(now());
      // The rights may be others than when it was queued.
      const wanted = !expired && rights.mayReceive(message.topic);
      if (wanted && !this.#fits(client)) return false;
      queues.shift(this.key);
      if (wanted) {
        this.#sendUnshared(client, message, copy, share, queued.entry);
        continue;
      }
      if (expired) counters.expired++;
      journal?.remove(queued.entry);
    }
    return true;
  }

  /** Messages that are sent one by one over time have no receivers to share a frame with. */
  #sendUnshared(
    client: CustomClient,
    message: CustomMessage,
    copy: Copy,
    share: string | undefined,
    entry = 0,
  ): void {
    message.sharedId = 0;
    this.#send(client, message, copy, share, entry);
    message.keep();
  }

  /** PUBACK, PUBREC, PUBCOMP; answers the PUBREL that is due. */
  acknowledge(
    client: CustomClient,
    type: 'puback' | 'pubrec' | 'pubcomp',
    id: number,
    reason: number,
  ): Buffer | undefined {
    const flight = this.#flights.get(id);
    if (type === 'pubrec' && reason < 0x80) {
      if (flight?.copy.qos !== 2) return unknownFlow(client.link.version, id);
      this.#flights.release(flight);
      // [MQTT-4.3.3-4]
      const release = ack(client.link.version, packetTypes.pubrel, id);
      const { journal } = this.#context;
      if (journal === undefined || flight.entry === 0) return release;
      // After PUBREL the client forgets the id: a server that did not remember PUBREC would send the message again.
      const send = (): void => {
        if (this.isClient(client)) client.link.send(release);
      };
      journal.received(flight.entry).then(send, send);
      return undefined;
    }
    if (flight === undefined) return undefined;
    if (type === 'puback' && flight.copy.qos !== 1) return undefined;
    if (type !== 'puback' && flight.copy.qos !== 2) return undefined;
    if (type === 'pubcomp' && flight.message !== undefined) return undefined;
    this.#land(client, id);
    // The chat is served first: what it waits for is in the same window.
    client.session.roomy();
    if (this.#context.waiting.has(this)) this.pump();
    return undefined;
  }

  #land(client: CustomClient, id: number): void {
    this.#context.journal?.remove(this.#flights.get(id)?.entry ?? 0);
    if (this.#flights.remove(id)) client.session.otherInFlight--;
  }

  /** Ends everything. Answers what another member of a shared subscription may have instead. */
  end(): Queued[] {
    this.#context.waiting.delete(this);
    this.#feeds = [];
    const { journal, queues } = this.#context;
    const left: Queued[] = [];
    for (const { message, copy, share, entry } of this.#flights.list()) {
      // A QoS 2 message whose delivery has begun goes to nobody else. [MQTT-4.8.2-5]
      if (message !== undefined && copy.qos === 1) left.push({ message, copy, share, entry });
      else journal?.remove(entry);
    }
    left.push(...queues.clear(this.key));
    for (const { entry } of left) journal?.remove(entry);
    return left.filter(({ share }) => share !== undefined);
  }
}
