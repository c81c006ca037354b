import { useId, useMemo, useState } from 'react';
import type { Member } from '../groups/permissions.ts';
import { mentionAt } from './text.ts';

export interface Mentions {
  readonly isOpen: boolean;
  readonly listId: string;
  /** uids, and `all` for everybody. */
  readonly options: readonly string[];
  readonly active: string;
  /** A whole name is there already, and no other one was chosen: Enter may send. */
  readonly isComplete: boolean;
  /** Where the `@` is. */
  readonly start: number | undefined;
  readonly move: (step: number) => void;
  readonly close: () => void;
  readonly isKnown: (uid: string) => boolean;
}

const maxOptions = 6;
const everybody = 'all';

export const mentionOptionId = (listId: string, uid: string): string => `${listId}-${uid}`;

/** Whom the word behind an `@` may mean. */
export function useMentions({
  text,
  caret,
  members,
  me,
  canMentionAll,
}: {
  readonly text: string;
  readonly caret: number;
  readonly members: readonly Member[];
  readonly me: string;
  readonly canMentionAll: boolean;
}): Mentions {
  const listId = useId();
  const [chosen, setChosen] = useState(0);
  const [closedAt, setClosedAt] = useState<number | undefined>(undefined);
  const known = useMemo(() => new Set(members.map(({ uid }) => uid)), [members]);
  const at = members.length > 1 ? mentionAt(text, caret) : undefined;
  const query = at?.query.toLowerCase();
  const options = useMemo(() => {
    if (query === undefined) return [];
    const found: string[] = [];
    for (const { uid, nick, name } of members) {
      if (found.length >= maxOptions) break;
      if (uid !== me && isMeant(query, uid, nick, name)) found.push(uid);
    }
    if (canMentionAll && everybody.startsWith(query)) found.push(everybody);
    return found;
  }, [members, me, query, canMentionAll]);
  const start = at?.start;
  const index = Math.min(chosen, options.length - 1);
  return {
    isOpen: options.length > 0 && start !== closedAt,
    listId,
    options,
    active: options[index] ?? '',
    isComplete: query !== undefined && chosen === 0 && options.includes(query),
    start,
    move: (step) => setChosen((index + step + options.length) % options.length),
    close: () => setClosedAt(start),
    isKnown: (uid) => known.has(uid) || (uid === everybody && canMentionAll),
  };
}

function isMeant(query: string, uid: string, ...names: readonly (string | undefined)[]): boolean {
  if (uid.startsWith(query)) return true;
  return names.some((name) =>
    name
      ?.toLowerCase()
      .split(/\s+/)
      .some((word) => word.startsWith(query)),
  );
}
