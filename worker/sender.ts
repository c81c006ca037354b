import type { FactsCache, Held } from '../policy/facts.ts';
import { mayInGroup } from '../policy/groups.ts';
import type { Buckets } from '../policy/rate.ts';
import { type ChangeTarget, changeRefusal, directRefusal, groupRefusal } from '../policy/send.ts';
import { type ErrorCode, PetrelError } from '../schemas/errors.ts';
import { type ConvId, directConv, groupConv, parseConv, peerOf, type StoredEvent } from '../schemas/event.ts';
import {
  checkBody,
  checkOutgoing,
  isChange,
  type MessageType,
  type Outgoing,
  type OutgoingDocument,
} from '../schemas/messages.ts';
import type { Target } from '../schemas/topics.ts';
import type { DirectFacts, GroupFacts } from '../store/directory.ts';
import type { Submission, Timeline } from '../store/timeline.ts';
import type { CommitQueue } from './commit.ts';
import type { Moderate } from './moderation.ts';

/** The way from one sender to one conversation, with what is known of whether it is open. */
export interface Route {
  readonly from: string;
  readonly target: Target;
  readonly conv: ConvId;
  direct?: Held<DirectFacts>;
  group?: Held<GroupFacts>;
}

export interface SenderOptions {
  readonly facts: FactsCache;
  readonly timeline: Timeline;
  readonly commit: CommitQueue;
  readonly directPolicy: 'anyone' | 'friends';
  /** Sends by user. */
  readonly rates: Buckets;
  readonly now: () => number;
  /** Absent where nothing is looked at before it is stored. */
  readonly moderate?: Moderate;
}

/** Where a send by HTTP found its place. */
export interface Sent {
  readonly conv: ConvId;
  readonly seq: number;
  readonly ts: number;
  readonly repeat: boolean;
}

/** From a checked payload to a submission: who may send what where. Both doors go through here. */
export class Sender {
  readonly commit: CommitQueue;
  readonly rates: Buckets;
  readonly #facts: FactsCache;
  readonly #timeline: Timeline;
  readonly #directPolicy: 'anyone' | 'friends';
  readonly #now: () => number;
  readonly #moderate: Moderate | undefined;

  constructor(options: SenderOptions) {
    this.commit = options.commit;
    this.rates = options.rates;
    this.#facts = options.facts;
    this.#timeline = options.timeline;
    this.#directPolicy = options.directPolicy;
    this.#now = options.now;
    this.#moderate = options.moderate;
  }

  route(from: string, target: Target): Route {
    const conv = target.kind === 'direct' ? directConv(from, target.name) : groupConv(target.name);
    return { from, target, conv };
  }

  /** Whether the route's facts are at hand; `load` gets them otherwise. */
  ready(route: Route): boolean {
    const held = route.direct ?? route.group;
    return held !== undefined && this.#facts.fresh(held);
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

  /** Why the sender may not write there now. The route has its facts. */
  refusal(route: Route): ErrorCode | undefined {
    return route.direct === undefined
      ? groupRefusal(route.group!.facts, this.#now())
      : directRefusal(route.direct.facts, this.#directPolicy, route.from === route.target.name);
  }

  /** Whether the message can be submitted as it is, without a look at other events. */
  isPlain(outgoing: Outgoing): boolean {
    return (
      this.#moderate === undefined &&
      (outgoing.document === undefined ||
        !(isChange(outgoing.type) || outgoing.document.mentions?.includes('@all')))
    );
  }

  plain(route: Route, outgoing: Outgoing): Submission {
    return { conv: route.conv, from: route.from, id: outgoing.id, counts: true, raw: outgoing.raw };
  }

  /**
   * A submission that needs more than its own bytes: a change is held against its target, moderation is asked. Rejects with
   * PetrelError.
   */
  async prepare(route: Route, outgoing: Outgoing): Promise<Submission> {
    const { type } = outgoing;
    if (!isChange(type)) {
      const role = route.group?.facts.member?.role;
      const mayMentionAll = role !== undefined && mayInGroup(role, 'mention-all');
      if (outgoing.document?.mentions?.includes('@all') && !mayMentionAll) {
        throw new PetrelError('send.not-allowed', 'Only owner and admins of a group mention @all.');
      }
      return this.plain(route, await this.#moderated(route, outgoing, type));
    }
    const document = outgoing.document!;
    const seq = document.body.target as number;
    const target = await this.#target(route, seq);
    const refused = changeRefusal(type, route.from, target, route.group?.facts.member?.role);
    if (refused !== undefined) throw new PetrelError(refused);
    let { raw } = outgoing;
    if (type === 'edit') {
      checkBody(target!.type, document.body.body);
      if (this.#moderate !== undefined) {
        ({ raw } = await this.#moderated(route, outgoing, target!.type as MessageType));
        // It may have been recalled meanwhile, and its bodies with it.
        if ((await this.#target(route, seq))?.recalled === true) throw new PetrelError('target.not-found');
      }
    }
    return {
      conv: route.conv,
      from: route.from,
      id: outgoing.id,
      counts: false,
      raw,
      target: seq,
      ...(type === 'recall' ? { replaces: await this.#withoutBodies(target!.event) } : {}),
    };
  }

  /** What moderation left of it; who may no longer write there when it answers is refused. */
  async #moderated(route: Route, outgoing: Outgoing, bodyType: MessageType): Promise<Outgoing> {
    if (this.#moderate === undefined) return outgoing;
    const passed = await this.#moderate(route, outgoing, bodyType);
    if (!this.ready(route)) await this.load(route);
    const refused = this.refusal(route);
    if (refused !== undefined) throw new PetrelError(refused);
    return passed;
  }

  async #target(
    route: Route,
    seq: number,
  ): Promise<(ChangeTarget & { event: StoredEvent; type: string }) | undefined> {
    if (seq < (route.group?.facts.member?.since ?? 1)) return undefined;
    const [event] = await this.#timeline.range({ conv: route.conv, after: seq - 1, limit: 1 });
    if (event === undefined || event.seq !== seq) return undefined;
    const document = parseRaw(event);
    return {
      event,
      from: event.from,
      type: document.type,
      recalled: document.recalled === true,
      message: !isChange(document.type) && !['member', 'group', 'system'].includes(document.type),
    };
  }

  /** The recalled message and its edits, each without its body. */
  async #withoutBodies(message: StoredEvent): Promise<{ seq: number; raw: Uint8Array }[]> {
    const changes = await this.#timeline.changes(message.conv, message.seq, message.seq);
    const edits = changes.filter((change) => parseRaw(change).type === 'edit');
    return [message, ...edits].map((event) => {
      const { id, type, body } = parseRaw(event);
      const kept = type === 'edit' ? { body: { target: body?.target } } : {};
      return { seq: event.seq, raw: Buffer.from(JSON.stringify({ id, type, ...kept, recalled: true })) };
    });
  }

  /**
   * Sends the JSON object of section 4 into a conversation, for those who do not publish it. Rejects with PetrelError:
   * the codes of the table in section 4, `conversation.not-found` where the sender has no part in it.
   */
  async send(input: {
    readonly conv: ConvId;
    readonly from: string;
    readonly payload: unknown;
  }): Promise<Sent> {
    const conv = parseConv(input.conv);
    if (conv === undefined) throw new PetrelError('conversation.not-found');
    if (conv.kind === 'direct' && conv.a !== input.from && conv.b !== input.from) {
      throw new PetrelError('conversation.not-found');
    }
    const retryAfterMs = this.rates.take(input.from);
    if (retryAfterMs > 0) throw new PetrelError('send.rate', undefined, { retryAfterMs });
    const target: Target =
      conv.kind === 'direct'
        ? { kind: 'direct', name: peerOf(conv, input.from) }
        : { kind: 'group', name: conv.gid };
    const outgoing = checkOutgoing(input.payload, true);
    const route = this.route(input.from, target);
    await this.load(route);
    const refused = this.refusal(route);
    if (refused !== undefined) throw new PetrelError(refused);
    const submission = this.isPlain(outgoing)
      ? this.plain(route, outgoing)
      : await this.prepare(route, outgoing);
    const place = await this.commit.submit(submission);
    return { conv: conv.id, seq: place.seq, ts: place.ts, repeat: place.repeat };
  }
}

interface RawDocument {
  readonly id: string;
  readonly type: string;
  readonly body?: OutgoingDocument['body'];
  readonly recalled?: boolean;
}

const parseRaw = (event: StoredEvent): RawDocument =>
  JSON.parse(Buffer.from(event.raw.buffer, event.raw.byteOffset, event.raw.byteLength).toString('utf8'));
