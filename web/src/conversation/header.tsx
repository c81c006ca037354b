import { Bell, BellOff, EllipsisVertical, Info, MessageCircleMore, Pin, PinOff, Trash2 } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useName, usePresence, useSignal } from '../client.tsx';
import { errorText, useLanguage, useText } from '../i18n/index.ts';
import { go } from '../route.ts';
import { Avatar, BackLink, Button, Dialog, IconButton, Menu, type MenuItem, useToast } from '../ui/index.ts';
import { usePane } from './pane.tsx';
import { momentName } from './times.ts';
import './header.css';

/** Who one talks to, and what can be done with the whole conversation. */
export function Header({
  title,
  avatar,
  subtitle,
}: {
  readonly title: string;
  readonly avatar: string | undefined;
  readonly subtitle: ReactNode;
}) {
  const t = useText();
  const { conversation } = usePane();
  const { conv, uid, gid } = conversation;
  const entry = useSignal(conversation.entry);
  const showDetails = (): void => go({ page: 'conversation', conv, details: true });
  return (
    <header className="chat-header">
      <BackLink to={{ page: 'home' }} />
      <div className="chat-header__who">
        <Avatar uid={uid ?? gid ?? conv} name={title} src={avatar} size={40} group={gid !== undefined} />
        <div className="chat-header__names">
          <div className="chat-header__line">
            <h1 className="chat-header__title">
              <button type="button" className="chat-header__button" onClick={showDetails}>
                {title}
              </button>
            </h1>
            {entry?.muted && <BellOff size={14} role="img" aria-label={t.chat.muted} />}
          </div>
          <Subtitle>{subtitle}</Subtitle>
        </div>
      </div>
      <ConversationMenu onDetails={showDetails} />
    </header>
  );
}

/** Who types, else what else there is to say. */
function Subtitle({ children }: { readonly children: ReactNode }) {
  const { conversation, nicks } = usePane();
  const t = useText();
  const typing = useSignal(conversation.typing);
  const [one = '', other = ''] = typing;
  const firstName = useName(one);
  const secondName = useName(other);
  if (typing.length === 0) return <span className="chat-header__subtitle ellipsis">{children}</span>;
  const first = nicks.get(one) ?? firstName;
  const second = nicks.get(other) ?? secondName;
  const words = (): string => {
    if (conversation.kind === 'direct') return t.chat.typing;
    if (typing.length === 1) return t.chat.typingOne(first);
    return typing.length === 2 ? t.chat.typingTwo(first, second) : t.chat.typingMany(typing.length);
  };
  return <span className="chat-header__subtitle chat-header__subtitle--typing ellipsis">{words()}</span>;
}

export function PersonSubtitle({ uid }: { readonly uid: string }) {
  const t = useText();
  const language = useLanguage();
  const presence = usePresence(uid);
  if (presence === undefined) return null;
  if (presence.online) return <span className="chat-header__online">{t.chat.online}</span>;
  return presence.ts > 0 ? t.chat.lastSeen(momentName(presence.ts, language, t)) : t.chat.offline;
}

export function GroupSubtitle({ count }: { readonly count: number | undefined }) {
  const t = useText();
  return count === undefined ? null : t.chat.members(count);
}

function ConversationMenu({ onDetails }: { readonly onDetails: () => void }) {
  const t = useText();
  const toast = useToast();
  const { conversation } = usePane();
  const entry = useSignal(conversation.entry);
  const [isRemoving, setRemoving] = useState(false);
  const attempt = (work: Promise<void>, then?: () => void): void => {
    work.then(then, (error: unknown) => toast(errorText(error, t), 'error'));
  };
  const leave = (): void => go({ page: 'home' });
  const items: readonly MenuItem[] = [
    { label: t.chat.details, icon: <Info />, onSelect: onDetails },
    entry?.pinned
      ? {
          label: t.chat.unpin,
          icon: <PinOff />,
          onSelect: () => attempt(conversation.update({ pinned: false })),
        }
      : { label: t.chat.pin, icon: <Pin />, onSelect: () => attempt(conversation.update({ pinned: true })) },
    entry?.muted
      ? {
          label: t.chat.unmute,
          icon: <Bell />,
          onSelect: () => attempt(conversation.update({ muted: false })),
        }
      : {
          label: t.chat.mute,
          icon: <BellOff />,
          onSelect: () => attempt(conversation.update({ muted: true })),
        },
    {
      label: t.chat.markUnread,
      icon: <MessageCircleMore />,
      // Left first: an open conversation is read.
      onSelect: () => {
        leave();
        attempt(conversation.update({ markedUnread: true }));
      },
    },
    { label: t.chat.remove, icon: <Trash2 />, danger: true, onSelect: () => setRemoving(true) },
  ];
  return (
    <>
      <Menu
        trigger={<IconButton label={t.chat.menu} icon={<EllipsisVertical size={20} />} />}
        items={items}
      />
      <Dialog
        open={isRemoving}
        title={t.chat.removeTitle}
        onClose={() => setRemoving(false)}
        actions={
          <>
            <Button onClick={() => setRemoving(false)}>{t.chat.cancel}</Button>
            <Button variant="danger" onClick={() => attempt(conversation.remove(), leave)}>
              {t.chat.removeConfirm}
            </Button>
          </>
        }
      >
        <p>{t.chat.removeText}</p>
      </Dialog>
    </>
  );
}
