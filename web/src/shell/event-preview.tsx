import type { Message } from '../../../sdk/types.ts';
import { useMe, useName } from '../client.tsx';
import { eventText, uidsOf } from '../conversation/events.tsx';
import { listOf } from '../conversation/names.ts';
import { useText } from '../i18n/index.ts';

/** What the server wrote, in a line of the list: with two names at most. */
export function EventPreview({ message }: { readonly message: Message }) {
  const t = useText();
  const { body = {} } = message;
  const uids = uidsOf(body.uids);
  const by = typeof body.by === 'string' ? body.by : message.from;
  const byName = useNameOrYou(by);
  const first = useNameOrYou(uids[0] ?? by);
  const second = useNameOrYou(uids[1] ?? by);
  const one = useNameOrYou(typeof body.uid === 'string' ? body.uid : by);
  const names = listOf([first, second].slice(0, uids.length), uids.length - 2, t.chat.events);
  return eventText(message, t, { by: byName, names, one });
}

function useNameOrYou(uid: string): string {
  const t = useText();
  const name = useName(uid);
  return uid === useMe() ? t.chat.events.you : name;
}
