import type { FactsCache, Held } from '../policy/facts.ts';
import type { Buckets } from '../policy/rate.ts';
import { type ChangeWindows, directRefusal, groupRefusal, mayMentionAll } from '../policy/send.ts';
import { type ErrorCode, PetrelError } from '../schemas/errors.ts';
import { type ConvId, directConv, groupConv, parseConv, peerOf } from '../schemas/event.ts';
import { checkOutgoing, isChange, type MessageType, type Outgoing } from '../schemas/messages.ts';
import type { Target } from '../schemas/topics.ts';
import type { DirectFacts, DirectoryMarks, GroupFacts } from '../store/directory.ts';
import type { Appended, Submission, Timeline } from '../store/timeline.ts';
import { type ChangeAuthor, Changes, type PreparedChange } from './changes.ts';
import type { CommitQueue, Receiver } from './commit.ts';
import { type Forwarded, type ForwardInput, sendForward } from './forward.ts';
import { MarkKeeper } from './marks.ts';
import type { Moderate } from './moderation.ts';
import { Turns } from './turns.ts';

/** The way from one sender to one conversation, with what is known of whether it is open. */
export interface Route {
  readonly from: string;
  readonly target: Target;
  readonly conv: ConvId;
  direct?: Held<DirectFacts>;
  group?: Held<GroupFacts>;
  /** The server writes there, whoever it writes as: where the conversation exists nothing else is asked. */
  readonly asSystem?: boolean;
}

export interface SenderOptions {
  readonly facts: FactsCache;
  readonly timeline: Timeline;
  readonly commit: CommitQueue;
  readonly marks: DirectoryMarks;
  readonly windows: ChangeWindows;
  /** A message that no PUBLISH of this size could bring is refused at the other door too. */
  readonly maxPacketSize: number;
  readonly directPolicy: 'anyone' | 'friends';
  /** Sends by user. */
  readonly rates: Buckets;
  readonly now: () => number;
  /** Absent where nothing is looked at before it is stored. */
  readonly moderate?: Moderate;
  /** Told of what went wrong in answering. */
  readonly onError?: (error: unknown) => void;
}

/** A send by those who do not publish it. */
export interface SendInput {
  readonly conv: ConvId;
  readonly from: string;
  /** The JSON object of a message; its `id` may be absent. */
  readonly payload: unknown;
  /**
   * The server itself writes: membership, blocks, mutes, rate and moderation are not asked, schema, ids and size are. Type
   * `system` is allowed, and changes as an owner may make them.
   */
  readonly asSystem?: boolean;
  /** The sender's rate is not asked: an operator sends in their name. */
  readonly unlimited?: boolean;
  /** With `asSystem`: the user or group is known to be there and is not looked for, one by one, again. */
  readonly found?: boolean;
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
  /** Sends that are not submitted yet. */
  readonly #preparing = new Set<Promise<void>>();
  readonly #changes: Changes;
  readonly #marks: MarkKeeper;
  readonly #maxPacketSize: number;

  constructor(options: SenderOptions) {
    this.commit = options.commit;
    this.rates = options.rates;
    this.#facts = options.facts;
    this.#timeline = options.timeline;
    this.#directPolicy = options.directPolicy;
    this.#now = options.now;
    this.#moderate = options.moderate;
    this.#maxPacketSize = options.maxPacketSize;
    const turns = new Turns();
    this.#changes = new Changes({ ...options, turns });
    this.#marks = new MarkKeeper({ ...options, turns, onError: options.onError ?? (() => {}) });
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
    if (route.asSystem) return missing(route);
    return route.direct === undefined
      ? groupRefusal(route.group!.facts, this.#now())
      : directRefusal(route.direct.facts, this.#directPolicy, route.from === route.target.name);
  }

  /** Whether the message can be submitted as it is, without a look at anything else. */
  isPlain({ type, document }: Outgoing): boolean {
    return (
      this.#moderate === undefined &&
      (document === undefined ||
        (document.mentions === undefined && document.replyTo === undefined && !isChange(type)))
    );
  }

  plain(route: Route, outgoing: Outgoing): Submission {
    return { conv: route.conv, from: route.from, id: outgoing.id, counts: true, raw: outgoing.raw };
  }

  /**
   * Submits what is not plain: a change is held against its target, a message against what it refers to, moderation is
   * asked. Resolves when it is submitted; the receiver hears of it when it is durable with its marks. Rejects with
   * PetrelError where it is refused.
   */
  submit(route: Route, outgoing: Outgoing, receiver: Receiver): Promise<void> {
    const work = this.#prepare(route, outgoing, receiver);
    this.#preparing.add(work);
    const done = (): void => void this.#preparing.delete(work);
    work.then(done, done);
    return work;
  }

  async #prepare(route: Route, outgoing: Outgoing, receiver: Receiver): Promise<void> {
    const { submission, release } = isChange(outgoing.type)
      ? await this.#change(route, outgoing)
      : { submission: this.#message(route, await this.checked(route, outgoing)), release: () => {} };
    const event = { conv: route.conv, from: route.from, document: outgoing.document };
    this.commit.submitTo(submission, this.#marks.before(receiver, event, release));
  }

  /** The message as it may be stored: what it refers to is there, and moderation has seen it. Rejects with PetrelError. */
  async checked(route: Route, outgoing: Outgoing): Promise<Outgoing> {
    const { mentions, replyTo } = outgoing.document ?? {};
    const { role, since } = authorOf(route);
    if (mentions?.includes('@all') && !mayMentionAll(role)) {
      throw new PetrelError('send.not-allowed', 'Only owner and admins of a group mention @all.');
    }
    if (replyTo !== undefined) {
      const [head] = await this.#timeline.heads([route.conv]);
      if (replyTo < since || replyTo > (head?.seq ?? 0)) {
        throw new PetrelError('target.not-found', 'The message that this one answers does not exist.');
      }
    }
    return this.#moderated(route, outgoing, outgoing.type as MessageType);
  }

  #message(route: Route, outgoing: Outgoing): Submission {
    const submission = this.plain(route, outgoing);
    return outgoing.type === 'system' ? { ...submission, counts: false } : submission;
  }

  async #change(route: Route, outgoing: Outgoing): Promise<PreparedChange> {
    const author = authorOf(route);
    if (outgoing.type !== 'edit' || this.#moderate === undefined || route.asSystem) {
      return this.#changes.prepare(author, outgoing);
    }
    const bodyType = await this.#changes.editedType(author, outgoing);
    const passed = await this.#moderated(route, outgoing, bodyType);
    // Moderation takes its time: only now it is the change's turn, and what it is about is looked at again.
    return this.#changes.prepare(authorOf(route), passed);
  }

  /** What moderation left of it; who may no longer write there when it answers is refused. */
  async #moderated(route: Route, outgoing: Outgoing, bodyType: MessageType): Promise<Outgoing> {
    if (this.#moderate === undefined || route.asSystem) return outgoing;
    const passed = await this.#moderate(route, outgoing, bodyType);
    if (!this.ready(route)) await this.load(route);
    const refused = this.refusal(route);
    if (refused !== undefined) throw new PetrelError(refused);
    return passed;
  }

  /**
   * Sends the JSON object of section 4 into a conversation, for those who do not publish it. Rejects with PetrelError:
   * the codes of the table in section 4, `conversation.not-found` where the sender has no part in it.
   */
  async send({
    conv,
    from,
    payload,
    asSystem = false,
    unlimited = asSystem,
    found,
  }: SendInput): Promise<Sent> {
    const route = this.routeTo(conv, from, asSystem);
    if (!unlimited) this.takeRate(from);
    const outgoing = checkOutgoing(payload, { idOptional: true, asSystem });
    this.checkSize(route, outgoing);
    if (!(asSystem && found)) await this.open(route);
    const place = await new Promise<Appended>((resolve, reject) => {
      const receiver: Receiver = { stored: resolve, failed: reject };
      if (!asSystem && this.isPlain(outgoing)) this.commit.submitTo(this.plain(route, outgoing), receiver);
      else this.submit(route, outgoing, receiver).catch(reject);
    });
    return { conv: route.conv, seq: place.seq, ts: place.ts, repeat: place.repeat };
  }

  /** Sends messages that were said elsewhere, all or none. Rejects with PetrelError as `send` does. */
  forward(input: ForwardInput): Promise<Forwarded[]> {
    return sendForward(this, input);
  }

  /** The way into a conversation that the sender has a part in, or that the server writes into. */
  routeTo(id: ConvId, from: string, asSystem = false): Route {
    const conv = parseConv(id);
    if (conv === undefined || (conv.kind === 'direct' && conv.a !== from && conv.b !== from)) {
      throw new PetrelError('conversation.not-found');
    }
    const target: Target =
      conv.kind === 'direct'
        ? { kind: 'direct', name: peerOf(conv, from) }
        : { kind: 'group', name: conv.gid };
    return { ...this.route(from, target), asSystem };
  }

  takeRate(from: string): void {
    const retryAfterMs = this.rates.take(from);
    if (retryAfterMs > 0) throw new PetrelError('send.rate', undefined, { retryAfterMs });
  }

  /** Throws where a client could not have published it. */
  checkSize({ target }: Route, { raw }: Outgoing): void {
    // The topic with its length, a packet id, no properties; the fixed header has five bytes at most.
    const bytes = 5 + 2 + 'send/u/'.length + target.name.length + 2 + 1 + raw.length;
    if (bytes > this.#maxPacketSize) throw new PetrelError('send.too-large');
  }

  /** Resolves when all that was submitted, or is about to be, is answered. */
  async drained(): Promise<void> {
    await Promise.allSettled(this.#preparing);
    await this.commit.drained();
    await this.#marks.settled();
  }

  /** Rejects where the sender may not write there now. */
  async open(route: Route): Promise<void> {
    await this.load(route);
    const refused = this.refusal(route);
    if (refused !== undefined) throw new PetrelError(refused);
  }
}

const authorOf = (route: Route): ChangeAuthor => {
  const { conv, from, asSystem, group } = route;
  if (asSystem) return { conv, from, role: 'owner', since: 1 };
  return { conv, from, role: group?.facts.member?.role, since: group?.facts.member?.since ?? 1 };
};

const missing = ({ direct, group }: Route): ErrorCode | undefined => {
  if (direct !== undefined) return direct.facts.exists ? undefined : 'user.not-found';
  return group!.facts.exists ? undefined : 'group.not-found';
};
