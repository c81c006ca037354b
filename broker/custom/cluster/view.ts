import type { TopicPolicy } from '../../../policy/custom.ts';
import { RetainedRecords } from '../../../store/shared-custom/records.ts';
import type { FeedItem, SharedCustom } from '../../../store/shared-custom.ts';
import type { AedesCore } from '../aedes.ts';
import type { CustomCounters } from '../custom.ts';
import { CustomMessage } from '../message.ts';
import type { CustomLimits, CustomOptions } from '../options.ts';
import { RetainedMessages } from '../retained.ts';
import { Router } from '../router.ts';
import type { Subscription } from '../subscription.ts';
import { brokerValues, SystemTopics } from '../system.ts';
import { decodeBody } from './codec.ts';
import { Feed } from './feed.ts';
import { Roster } from './roster.ts';
import type { Transport } from './transport.ts';

/** What of the feed is for sessions of this node. */
export interface ViewHandlers {
  entry(session: string, id: number, copy: string, message: CustomMessage): void;
  /** The session gets the message of this shared subscription. */
  chosen(session: string, filter: string, message: CustomMessage): void;
  /** The feed missed something: reads what entries there are meanwhile. */
  readAnew(): Promise<void>;
  /** It was missed for good by those whose messages nobody keeps. */
  missed(): void;
}

export interface ViewOptions extends Pick<CustomOptions, 'now' | 'onError' | 'version' | 'connected'> {
  readonly core: AedesCore;
  readonly transport: Transport;
  readonly shared: SharedCustom;
  readonly policy: TopicPolicy;
  readonly counters: CustomCounters;
  readonly limits: CustomLimits;
  readonly handlers: ViewHandlers;
}

/** What a node knows of all: kept in step by the feed, and read anew where that missed something. */
export class View {
  readonly transport: Transport;
  readonly records: RetainedRecords;
  readonly roster: Roster;
  readonly retained: RetainedMessages;
  readonly router: Router;
  readonly feed: Feed;
  readonly #options: ViewOptions;
  readonly #system: SystemTopics;

  constructor(options: ViewOptions) {
    const { core, transport, shared, policy, limits, now, onError } = options;
    this.#options = options;
    this.transport = transport;
    this.records = new RetainedRecords(() => shared.retained());
    this.roster = new Roster(policy);
    const keeper = {
      // All that it is asked for by itself is to let go of what has expired.
      storeRetained: ({ topic }: { readonly topic: string }) => shared.expireRetained(topic, now()),
      retained: () => this.#nothing(),
    };
    this.retained = new RetainedMessages(keeper, limits, now);
    this.router = new Router(core, () => undefined, onError, false);
    this.#system = new SystemTopics(this.router, brokerValues({ ...options, retained: this.retained }), now);
    this.feed = new Feed({
      shared,
      onItem: (item) => this.#onItem(item),
      load: (missed) => this.#load(missed),
      onError,
    });
  }

  async *#nothing(): AsyncGenerator<never> {}

  async #load(missed: boolean): Promise<number> {
    const { shared, handlers } = this.#options;
    const { number, rows } = await shared.rows();
    const retained: CustomMessage[] = [];
    for await (const bytes of this.records.all()) {
      const { topic, payload, envelope } = decodeBody(bytes);
      retained.push(new CustomMessage(topic, payload, envelope, number));
    }
    if (missed) await handlers.readAnew();
    this.roster.replace(rows);
    this.retained.replace(retained);
    if (missed) handlers.missed();
    return number;
  }

  #onItem({ number, rows, frame, live, entries = [], chosen = [] }: FeedItem): void {
    const { handlers, onError } = this.#options;
    for (const change of rows ?? []) this.roster.apply(change);
    const bytes = frame === undefined ? undefined : this.transport.body(frame);
    if (bytes === undefined) return;
    const { topic, payload, envelope } = decodeBody(bytes);
    const message = new CustomMessage(topic, payload, envelope, number);
    if (live && envelope.retain) this.retained.take(message);
    if (live) this.router.publish(message).catch(onError);
    for (const [session, id, copy] of entries) handlers.entry(session, id, copy, message);
    for (const [session, filter] of chosen) handlers.chosen(session, filter, message);
  }

  /**
   * Retained messages that are older than the subscription; newer ones came live. QoS 1 and 2 of a session with entries count from
   * when all nodes knew (`kept`), the others from when this one did (`heard`).
   */
  *retainedFor(
    { filter, options }: Subscription,
    heard: number,
    kept: number,
  ): Generator<CustomMessage, undefined> {
    if (filter.startsWith('$')) yield* this.#system.matching(filter);
    for (const topic of this.retained.matching(filter)) {
      const message = this.retained.get(topic);
      const newest = Math.min(options.qos, message?.envelope.qos ?? 0) > 0 ? kept : heard;
      if (message !== undefined && message.number <= newest) yield message;
    }
    return undefined;
  }

  /** Resolves when what was acknowledged anywhere until now is known here. */
  async catchUp(): Promise<void> {
    await this.feed.reached(await this.#options.shared.number());
  }

  /** Now and then: lets go of what has expired, and tells what has changed of the node. */
  round(): void {
    this.retained.expire();
    this.#system.tell().catch(this.#options.onError);
  }
}
