import type { Message } from '../types.ts';
import { type ChangeBody, changeOf, type Event } from './event.ts';

/** What a change is folded in from: an event, or one that is still on its way. */
export type Change = Pick<Event, 'type' | 'from' | 'ts' | 'body'>;

/** The message with the change folded in; the same object where that makes no difference. */
export function applyChange(message: Message, change: Change): Message {
  const body = changeOf(change);
  if (body === undefined || message.recalled) return message;
  switch (change.type) {
    case 'recall':
      return recalled(message);
    case 'edit':
      return body.body === undefined ? message : { ...message, body: body.body, edited: change.ts };
    case 'pin':
      return pin(message, body.on === true);
    default:
      return react(message, change.from, body);
  }
}

/** What is left of a message that is recalled: who said it, when, and where. */
export function recalled(message: Message): Message {
  if (message.recalled) return message;
  const { key, conv, seq, ts, from, id, type, state } = message;
  return { key, conv, ...(seq !== undefined && { seq }), ts, from, id, type, recalled: true, state };
}

function pin(message: Message, on: boolean): Message {
  if (on === (message.pinned === true)) return message;
  if (on) return { ...message, pinned: true };
  const { pinned: _, ...rest } = message;
  return rest;
}

function react(message: Message, uid: string, { emoji, on = false }: ChangeBody): Message {
  if (emoji === undefined) return message;
  const { reactions: before = none, reactionCounts: _, ...rest } = message;
  // An emoji may be named like a member of every object.
  const uids = Object.hasOwn(before, emoji) ? before[emoji]! : [];
  if (on === uids.includes(uid)) return message;
  const next = on ? [...uids, uid] : uids.filter((one) => one !== uid);
  const { [emoji]: __, ...others } = before;
  const reactions =
    next.length === 0
      ? others
      : uids.length > 0
        ? { ...before, [emoji]: next }
        : { ...others, [emoji]: next };
  const entries = Object.entries(reactions);
  if (entries.length === 0) return rest;
  const reactionCounts = Object.fromEntries(entries.map(([name, { length }]) => [name, length]));
  return { ...rest, reactions, reactionCounts };
}

const none: Readonly<Record<string, readonly string[]>> = {};
