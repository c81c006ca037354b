import { useEffect } from 'react';
import type { ConversationEntry } from '../../../sdk/types.ts';
import { useClient, useSignal } from '../client.tsx';
import { useText } from '../i18n/index.ts';
import type { Route } from '../route.ts';

/** The tab says with whom one talks, and how much is unread: of muted conversations only what mentions the user. */
export function useTitle(route: Route): void {
  const t = useText();
  const entries = useSignal(useClient().conversations);
  const unread = entries.reduce((sum, entry) => sum + (entry.muted ? entry.mentions : entry.unread), 0);
  const name = nameOf(route, entries);
  useEffect(() => {
    document.title = t.shell.title(unread, name);
  }, [t, unread, name]);
}

function nameOf(route: Route, entries: readonly ConversationEntry[]): string | undefined {
  if (route.page !== 'conversation') return undefined;
  const entry = entries.find(({ conv }) => conv === route.conv);
  return entry?.name ?? entry?.uid;
}
