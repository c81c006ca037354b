import type { ErrorCode } from '../schemas/errors.ts';
import type { DirectFacts, GroupFacts, GroupRole } from '../store/directory.ts';
import { type GroupAction, mayInGroup } from './groups.ts';

/** Why the user may not write to the other; undefined where they may. */
export function directRefusal(
  facts: DirectFacts,
  policy: 'anyone' | 'friends',
  self: boolean,
): ErrorCode | undefined {
  if (!facts.exists) return 'user.not-found';
  if (self) return undefined;
  if (facts.blocked) return 'send.blocked';
  return policy === 'friends' && !facts.friends ? 'send.not-friends' : undefined;
}

/** Why the member may not write to the group now; undefined where they may. */
export function groupRefusal(facts: GroupFacts, now: number): ErrorCode | undefined {
  if (!facts.exists) return 'group.not-found';
  const { member } = facts;
  if (member === undefined) return 'send.not-member';
  if (member.mutedUntil > now) return 'send.muted';
  return facts.muted && !mayInGroup(member.role, 'send-when-muted') ? 'send.muted' : undefined;
}

/** What a change is about, as far as permission needs it. */
export interface ChangeTarget {
  readonly from: string;
  /** When it was stored, ms. */
  readonly ts: number;
  readonly recalled: boolean;
  /** Whether it is a message; changes and what the server wrote cannot be changed. */
  readonly message: boolean;
  /** Whether it repeats what was said elsewhere: those are not the sender's own words to edit. */
  readonly forwarded: boolean;
}

/** How long a message may be changed after it was stored, ms; 0 for ever. */
export interface ChangeWindows {
  readonly editMs: number;
  readonly recallMs: number;
  /** For the owner and admins of a group, whoever wrote the message. */
  readonly managerRecallMs: number;
}

/** The windows as they are configured, in seconds. */
export const changeWindows = (seconds: {
  readonly editWindow: number;
  readonly recallWindow: number;
  readonly managerRecallWindow: number;
}): ChangeWindows => ({
  editMs: seconds.editWindow * 1000,
  recallMs: seconds.recallWindow * 1000,
  managerRecallMs: seconds.managerRecallWindow * 1000,
});

/** Why the user may not make this change now; `role` is absent in a direct conversation. */
export function changeRefusal(
  type: 'edit' | 'recall' | 'react' | 'pin',
  uid: string,
  target: ChangeTarget | undefined,
  role: GroupRole | undefined,
  windows: ChangeWindows,
  now: number,
): ErrorCode | undefined {
  if (target === undefined || !target.message) return 'target.not-found';
  if (target.recalled && type !== 'recall') return 'target.not-found';
  const isOpen = (windowMs: number): boolean => windowMs === 0 || now - target.ts <= windowMs;
  const own = target.from === uid;
  switch (type) {
    case 'edit':
      if (!own || target.forwarded) return 'send.not-allowed';
      return isOpen(windows.editMs) ? undefined : 'send.too-late';
    case 'recall':
      if (own && isOpen(windows.recallMs)) return undefined;
      if (may(role, 'recall-others')) return isOpen(windows.managerRecallMs) ? undefined : 'send.too-late';
      return own ? 'send.too-late' : 'send.not-allowed';
    case 'pin':
      return role === undefined || may(role, 'pin') ? undefined : 'send.not-allowed';
    case 'react':
      return undefined;
  }
}

/** Whether a message may mention everybody. */
export const mayMentionAll = (role: GroupRole | undefined): boolean => may(role, 'mention-all');

const may = (role: GroupRole | undefined, action: GroupAction): boolean =>
  role !== undefined && mayInGroup(role, action);
