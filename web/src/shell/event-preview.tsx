import { useMemo } from 'react';
import type { Message } from '../../../sdk/types.ts';
import { useMe } from '../client.tsx';
import { useText } from '../i18n/index.ts';

/** What the server wrote, in a line of the list. */
export function EventPreview({ message }: { readonly message: Message }) {
  const t = useText();
  const me = useMe();
  return useMemo(
    () => (message.from === me ? t.chat.events.unknown : t.chat.events.unknown),
    [t, me, message],
  );
}
