import { Bell, BellOff, EyeOff, Mail, MailOpen, Pin, PinOff, Trash2 } from 'lucide-react';
import type { ConversationEntry } from '../../../sdk/types.ts';
import { useClient } from '../client.tsx';
import { errorText, useText } from '../i18n/index.ts';
import { go, parseRoute } from '../route.ts';
import { type MenuItem, useToast } from '../ui/index.ts';

/** What one can do with a conversation of the list. */
export function useEntryMenu(
  entry: ConversationEntry,
  onRemove: (conv: string) => void,
): readonly MenuItem[] {
  const t = useText();
  const client = useClient();
  const toast = useToast();
  const { conv, pinned, muted, markedUnread, unread } = entry;
  const act = async (work: () => Promise<void>, done?: string) => {
    try {
      await work();
      if (done !== undefined) toast(done);
    } catch (error) {
      toast(errorText(error, t), 'error');
    }
  };
  const update = (settings: Parameters<ReturnType<typeof client.conversation>['update']>[0]) =>
    client.conversation(conv).update(settings);
  const isUnread = unread > 0 || markedUnread;
  return [
    {
      label: pinned ? t.chat.unpin : t.chat.pin,
      icon: pinned ? <PinOff /> : <Pin />,
      onSelect: () => void act(() => update({ pinned: !pinned })),
    },
    {
      label: muted ? t.chat.unmute : t.chat.mute,
      icon: muted ? <Bell /> : <BellOff />,
      onSelect: () => void act(() => update({ muted: !muted })),
    },
    {
      label: isUnread ? t.shell.entry.markRead : t.chat.markUnread,
      icon: isUnread ? <MailOpen /> : <Mail />,
      onSelect: () => {
        if (isUnread) client.conversation(conv).markRead();
        else void act(() => update({ markedUnread: true }));
      },
    },
    {
      label: t.shell.entry.hide,
      icon: <EyeOff />,
      onSelect: () => {
        leaveConversation(conv);
        void act(() => update({ hidden: true }), t.shell.entry.hidden);
      },
    },
    {
      label: t.chat.remove,
      icon: <Trash2 />,
      danger: true,
      onSelect: () => onRemove(conv),
    },
  ];
}

/** What goes from the list goes from the screen. */
export function leaveConversation(conv: string): void {
  const route = parseRoute(location.hash);
  if (route.page === 'conversation' && route.conv === conv) go({ page: 'home' }, { replace: true });
}
