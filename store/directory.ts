import type { DirectoryConversations } from './directory/conversations.ts';
import type { DirectoryFacts } from './directory/facts.ts';
import type { DirectoryFriends } from './directory/friends.ts';
import type { DirectoryGroups } from './directory/groups.ts';
import type { DirectoryKeys } from './directory/keys.ts';
import type { DirectoryMarks } from './directory/marks.ts';
import type { DirectoryOperators } from './directory/operators.ts';
import type { DirectoryRemovals } from './directory/removals.ts';
import type { DirectorySessions } from './directory/sessions.ts';
import type { DirectoryUsers } from './directory/users.ts';

export * from './directory/conversations.ts';
export * from './directory/facts.ts';
export * from './directory/friends.ts';
export * from './directory/groups.ts';
export * from './directory/keys.ts';
export * from './directory/marks.ts';
export * from './directory/operators.ts';
export * from './directory/removals.ts';
export * from './directory/sessions.ts';
export * from './directory/users.ts';

/**
 * Accounts, devices, friends and groups: what is true of people, as the timeline is what was said.
 *
 * Guarantees: what a method wrote is durable when it resolves, and seen by every read that begins afterwards; a method
 * takes effect as a whole or not at all. Every method rejects with PetrelError `store.unavailable` where the store cannot
 * do it now; it works again by itself when the cause is gone.
 */
export interface Directory
  extends DirectoryFacts,
    DirectoryUsers,
    DirectoryRemovals,
    DirectorySessions,
    DirectoryKeys,
    DirectoryFriends,
    DirectoryGroups,
    DirectoryConversations,
    DirectoryMarks,
    DirectoryOperators {
  /** Resolves when the store answers; for /readyz. */
  check(): Promise<void>;
  close(): Promise<void>;
}
