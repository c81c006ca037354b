import { type ChangeTarget, type ChangeWindows, changeRefusal } from '../policy/send.ts';
import { PetrelError } from '../schemas/errors.ts';
import type { ConvId, StoredEvent } from '../schemas/event.ts';
import {
  type ChangeType,
  checkBody,
  isMessage,
  type MessageType,
  type Outgoing,
} from '../schemas/messages.ts';
import type { DirectoryMarks, GroupRole } from '../store/directory.ts';
import type { Submission, Timeline } from '../store/timeline.ts';
import { editRevision, recallRevision, withoutBodies } from './bodies.ts';
import { parseRaw } from './raw.ts';
import { StoredChanges } from './stored-changes.ts';
import { pinsTurnOf, type Turns, turnOf } from './turns.ts';

/** Pinned messages of one conversation. */
export const maxPins = 100;

/** Who makes a change, as far as it matters here. */
export interface ChangeAuthor {
  readonly conv: ConvId;
  readonly from: string;
  /** Absent in a direct conversation. */
  readonly role: GroupRole | undefined;
  /** The first seq they may see. */
  readonly since: number;
}

/** A change that may be stored. Until `release` nobody else changes what it is about. */
export interface PreparedChange {
  readonly submission: Submission;
  readonly release: () => void;
}

export interface ChangesOptions {
  readonly timeline: Pick<Timeline, 'range' | 'changes' | 'heads'>;
  readonly marks: Pick<DirectoryMarks, 'pins'>;
  /** Other processes store changes, too. */
  readonly shared?: boolean;
  readonly turns: Turns;
  readonly windows: ChangeWindows;
  readonly now: () => number;
}

type Target = ChangeTarget & { readonly event: StoredEvent; readonly type: string };

/**
 * Holds edits, recalls, reactions and pins against their targets. Edit, recall and pin of one message have it to themselves
 * from the check to the commit, so that a recall finds every edit whose body it has to take out. The turns are of this
 * process. Where there are several, one makes the changes of a conversation, but for a moment in which two believe that
 * they are it: then the timeline revises what crosses, and a conversation may have a pinned message more than it may.
 */
export class Changes {
  readonly #options: ChangesOptions;
  readonly #stored: StoredChanges;

  constructor(options: ChangesOptions) {
    this.#options = options;
    this.#stored = new StoredChanges(options.timeline);
  }

  /** The type of the message that an edit is about; rejects with PetrelError where it may not be made. */
  async editedType(author: ChangeAuthor, outgoing: Outgoing): Promise<MessageType> {
    const target = await this.#target(author, outgoing.document!.body.target as number);
    const refused = await this.#refusal(author, outgoing, target);
    if (refused === 'repeat') return target!.type as MessageType;
    checkBody(target!.type, outgoing.document!.body.body);
    return target!.type as MessageType;
  }

  /** Rejects with PetrelError. */
  async prepare(author: ChangeAuthor, outgoing: Outgoing): Promise<PreparedChange> {
    const release = await this.#take(
      author.conv,
      outgoing.type as ChangeType,
      outgoing.document!.body.target as number,
    );
    try {
      return { submission: await this.#submission(author, outgoing), release };
    } catch (error) {
      release();
      throw error;
    }
  }

  async #take(conv: ConvId, type: ChangeType, seq: number): Promise<() => void> {
    const { turns } = this.#options;
    if (type === 'react') return () => {};
    if (type !== 'pin') return turns.take(turnOf(conv, seq));
    const endPins = await turns.take(pinsTurnOf(conv));
    const end = await turns.take(turnOf(conv, seq));
    return () => {
      end();
      endPins();
    };
  }

  async #submission(author: ChangeAuthor, outgoing: Outgoing): Promise<Submission> {
    const { conv, from } = author;
    const { type, id, raw } = outgoing;
    const { body } = outgoing.document!;
    const seq = body.target as number;
    const submission = { conv, from, id, counts: false, raw, target: seq };
    const isShared = this.#options.shared === true;
    const after = isShared && type === 'edit' ? await this.#head(conv) : 0;
    const target = await this.#target(author, seq);
    if ((await this.#refusal(author, outgoing, target)) === 'repeat') return submission;
    if (type === 'edit') {
      checkBody(target!.type, body.body);
      if (isShared) return { ...submission, revision: editRevision(raw, after) };
    }
    if (type === 'pin' && body.on === true) await this.#checkPins(author, outgoing, seq);
    // What is recalled already has no bodies left.
    if (type !== 'recall' || target!.recalled) return submission;
    const changes = await this.#options.timeline.changes(conv, seq, seq);
    return {
      ...submission,
      replaces: withoutBodies(target!.event, changes),
      ...(isShared && { revision: recallRevision(raw, target!.event, changes) }),
    };
  }

  async #head(conv: ConvId): Promise<number> {
    const [head] = await this.#options.timeline.heads([conv]);
    return head?.seq ?? 0;
  }

  /** Rejects with the reason of a refusal; a change that was stored before is none to refuse. */
  async #refusal(
    { conv, from, role }: ChangeAuthor,
    { type, id }: Outgoing,
    target: Target | undefined,
  ): Promise<'repeat' | undefined> {
    const { windows, now } = this.#options;
    const refused = changeRefusal(type as ChangeType, from, target, role, windows, now());
    if (refused === undefined) return undefined;
    if (target !== undefined && (await this.#stored.has(conv, target.event.seq, from, id))) return 'repeat';
    throw new PetrelError(refused);
  }

  async #checkPins({ conv, from }: ChangeAuthor, { id }: Outgoing, seq: number): Promise<void> {
    const pins = await this.#options.marks.pins(conv, Number.MAX_SAFE_INTEGER, maxPins);
    if (pins.length < maxPins || pins.some((pin) => pin.seq === seq)) return;
    if (!(await this.#stored.has(conv, seq, from, id))) throw new PetrelError('pin.full');
  }

  async #target({ conv, since }: ChangeAuthor, seq: number): Promise<Target | undefined> {
    if (seq < since) return undefined;
    const [event] = await this.#options.timeline.range({ conv, after: seq - 1, limit: 1 });
    if (event === undefined || event.seq !== seq) return undefined;
    const { type, recalled, forward } = parseRaw(event);
    return {
      event,
      from: event.from,
      ts: event.ts,
      type,
      recalled: recalled === true,
      message: isMessage(type),
      forwarded: forward !== undefined,
    };
  }
}
