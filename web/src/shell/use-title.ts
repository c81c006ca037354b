import { useEffect } from 'react';
import { useClient, useSignal } from '../client.tsx';
import { useText } from '../i18n/index.ts';

/** The tab says how much is unread, muted conversations aside. */
export function useTitle(name?: string): void {
  const t = useText();
  const unread = useSignal(useClient().conversations).reduce(
    (sum, entry) => sum + (entry.muted ? entry.mentions : entry.unread),
    0,
  );
  useEffect(() => {
    document.title = t.shell.title(unread, name);
  }, [t, unread, name]);
}
