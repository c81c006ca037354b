import type { ErrorCode } from '../schemas/errors.ts';
import type { DirectFacts, GroupFacts, GroupRole } from '../store/directory.ts';
import { mayInGroup } from './groups.ts';

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
  readonly recalled: boolean;
  /** Whether it is a message; changes and what the server wrote cannot be changed. */
  readonly message: boolean;
}

/** Why the user may not make this change; `role` is absent in a direct conversation. */
export function changeRefusal(
  type: 'edit' | 'recall' | 'react' | 'pin',
  uid: string,
  target: ChangeTarget | undefined,
  role: GroupRole | undefined,
): ErrorCode | undefined {
  if (target === undefined || !target.message) return 'target.not-found';
  if (target.recalled && type !== 'recall') return 'target.not-found';
  switch (type) {
    case 'edit':
      return target.from === uid ? undefined : 'send.not-allowed';
    case 'recall':
      return target.from === uid || (role !== undefined && mayInGroup(role, 'recall-others'))
        ? undefined
        : 'send.not-allowed';
    case 'pin':
      return role === undefined || mayInGroup(role, 'pin') ? undefined : 'send.not-allowed';
    case 'react':
      return undefined;
  }
}
