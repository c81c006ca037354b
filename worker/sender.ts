import type { Route, Routes } from '../policy/routes.ts';
import { type ChangeWindows, mayMentionAll } from '../policy/send.ts';
import { PetrelError, toPetrelError } from '../schemas/errors.ts';
import { isChange, type MessageType, type Outgoing } from '../schemas/messages.ts';
import type { DirectoryMarks } from '../store/directory.ts';
import type { Appended, Submission, Timeline } from '../store/timeline.ts';
import { type ChangeAuthor, Changes, type PreparedChange } from './changes.ts';
import type { CommitQueue, Receiver } from './commit.ts';
import { type AdmittedForward, type Door, sendThrough } from './door.ts';
import { sendForward } from './forward.ts';
import { MarkKeeper } from './marks.ts';
import type { Moderate } from './moderation.ts';
import type { Forwarded, ForwardInput, SendInput, Sends, Sent } from './sends.ts';
import { Turns } from './turns.ts';

export interface SenderOptions {
  readonly routes: Routes;
  readonly door: Door;
  readonly timeline: Timeline;
  readonly commit: CommitQueue;
  readonly marks: DirectoryMarks;
  readonly windows: ChangeWindows;
  /** Other processes store, too. */
  readonly shared?: boolean;
  readonly now: () => number;
  /** Absent where nothing is looked at before it is stored. */
  readonly moderate?: Moderate;
  /** Told of what went wrong, but for stores that are away. */
  readonly onError?: (error: unknown) => void;
}

/** From a checked payload to a submission: who may send what where. Both doors go through here. */
export class Sender implements Sends {
  readonly commit: CommitQueue;
  readonly routes: Routes;
  readonly door: Door;
  readonly #timeline: Timeline;
  readonly #moderate: Moderate | undefined;
  readonly #onError: (error: unknown) => void;
  /** Sends that are not submitted yet. */
  readonly #preparing = new Set<Promise<unknown>>();
  readonly #changes: Changes;
  readonly #marks: MarkKeeper;

  constructor(options: SenderOptions) {
    this.commit = options.commit;
    this.routes = options.routes;
    this.door = options.door;
    this.#timeline = options.timeline;
    this.#moderate = options.moderate;
    this.#onError = options.onError ?? (() => {});
    const turns = new Turns();
    this.#changes = new Changes({ ...options, turns });
    this.#marks = new MarkKeeper({ ...options, turns, onError: this.#onError });
  }

  get full(): boolean {
    return this.commit.full;
  }

  whenRelieved(callback: () => void): void {
    this.commit.whenRelieved(callback);
  }

  get waiting(): number {
    return this.commit.waiting;
  }

  submit(submission: Submission): Promise<Appended> {
    return this.commit.submit(submission);
  }

  take(route: Route, outgoing: Outgoing, receiver: Receiver): Promise<void> | undefined {
    if (!this.#isPlain(route, outgoing) || !this.routes.ready(route))
      return this.#prepare(route, outgoing, receiver);
    const refused = this.routes.refusal(route);
    if (refused === undefined) this.commit.submitTo(plain(route, outgoing), receiver);
    else receiver.failed(new PetrelError(refused));
    return undefined;
  }

  /** Whether the message can be submitted as it is, without a look at anything else. */
  #isPlain({ asSystem }: Route, { type, document }: Outgoing): boolean {
    return (
      this.#moderate === undefined &&
      (document === undefined ||
        (document.mentions === undefined && document.replyTo === undefined && !isChange(type) && !asSystem))
    );
  }

  #prepare(route: Route, outgoing: Outgoing, receiver: Receiver): Promise<void> {
    const work = this.#submit(route, outgoing, receiver).catch((error: unknown) => {
      const known = toPetrelError(error);
      if (known.code === 'server.error') this.#onError(error);
      receiver.failed(known.code === 'server.error' ? new PetrelError('store.unavailable') : known);
    });
    this.#preparing.add(work);
    const done = (): void => void this.#preparing.delete(work);
    work.then(done, done);
    return work;
  }

  /**
   * A change is held against its target, a message against what it refers to, moderation is asked. Resolves when it is
   * submitted; the receiver hears of it when it is durable with its marks. Rejects with PetrelError where it is refused.
   */
  async #submit(route: Route, outgoing: Outgoing, receiver: Receiver): Promise<void> {
    await this.routes.open(route);
    if (this.#isPlain(route, outgoing)) {
      this.commit.submitTo(plain(route, outgoing), receiver);
      return;
    }
    const { submission, release } = isChange(outgoing.type)
      ? await this.#change(route, outgoing)
      : { submission: message(route, await this.checked(route, outgoing)), release: () => {} };
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
    await this.routes.open(route);
    return passed;
  }

  /** For those who do not publish: the JSON object of section 4. */
  send(input: SendInput): Promise<Sent> {
    return sendThrough(this.door, this, input);
  }

  async forward(input: ForwardInput): Promise<Forwarded[]> {
    return this.forwardAdmitted(this.door.admitForward(input));
  }

  /** What came in at a door elsewhere. */
  forwardAdmitted(admitted: AdmittedForward): Promise<Forwarded[]> {
    return sendForward(this, admitted);
  }

  async drained(): Promise<void> {
    await Promise.allSettled(this.#preparing);
    await this.commit.drained();
    await this.#marks.settled();
  }
}

/** A message that is submitted as it is. */
export const plain = ({ conv, from }: Route, { id, raw }: Outgoing): Submission => ({
  conv,
  from,
  id,
  counts: true,
  raw,
});

/** What the server says does not count. */
const message = (route: Route, outgoing: Outgoing): Submission =>
  outgoing.type === 'system' ? { ...plain(route, outgoing), counts: false } : plain(route, outgoing);

const authorOf = (route: Route): ChangeAuthor => {
  const { conv, from, asSystem, group } = route;
  if (asSystem) return { conv, from, role: 'owner', since: 1 };
  return { conv, from, role: group?.facts.member?.role, since: group?.facts.member?.since ?? 1 };
};
