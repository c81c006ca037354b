import { useCallback, useEffect, useRef, useState } from 'react';
import type { Operations } from '../../../sdk/operations.ts';
import { useClient } from '../client.tsx';

export type Found = Operations['users.search']['output']['items'][number];

export interface UserSearch {
  /** Undefined until there is an answer, and where nothing is searched for. */
  readonly found: readonly Found[] | undefined;
  readonly isLoading: boolean;
  readonly error: unknown;
  readonly hasMore: boolean;
  readonly more: () => void;
}

const pauseMs = 180;
const pageSize = 30;

interface Answer {
  readonly query: string;
  readonly found: readonly Found[];
  readonly next?: string | undefined;
  readonly error?: unknown;
}

/** Users by name or uid, asked for when the user pauses in writing; an answer to an older question is dropped. */
export function useUserSearch(query: string): UserSearch {
  const client = useClient();
  const [answer, setAnswer] = useState<Answer>({ query: '', found: [] });
  const [isPaging, setPaging] = useState(false);
  const wanted = query.trim();
  const latest = useRef(wanted);
  latest.current = wanted;

  useEffect(() => {
    if (wanted === '') return;
    const timer = setTimeout(() => {
      client.request('users.search', { q: wanted, limit: pageSize }).then(
        ({ items, next }) => {
          if (latest.current === wanted) setAnswer({ query: wanted, found: items, next });
        },
        (error: unknown) => {
          if (latest.current === wanted) setAnswer({ query: wanted, found: [], error });
        },
      );
    }, pauseMs);
    return () => clearTimeout(timer);
  }, [client, wanted]);

  const { next } = answer;
  const more = useCallback(() => {
    if (next === undefined) return;
    setPaging(true);
    const asked = latest.current;
    client
      .request('users.search', { q: asked, limit: pageSize, cursor: next })
      .then((page) => {
        if (latest.current !== asked) return;
        setAnswer((before) => ({ query: asked, found: [...before.found, ...page.items], next: page.next }));
      })
      .catch((error: unknown) => setAnswer((before) => ({ ...before, error })))
      .finally(() => setPaging(false));
  }, [client, next]);

  const isEmpty = wanted === '';
  const isCurrent = answer.query === wanted;
  return {
    // While one writes on, what was found before stays: less flicker.
    found: isEmpty || (answer.query === '' && !isCurrent) ? undefined : answer.found,
    isLoading: isPaging || !(isEmpty || isCurrent),
    error: isCurrent ? answer.error : undefined,
    hasMore: isCurrent && next !== undefined,
    more,
  };
}
