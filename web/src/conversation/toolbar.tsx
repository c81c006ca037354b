import { Ellipsis, Reply, SmilePlus } from 'lucide-react';
import { Popover } from 'radix-ui';
import { useState } from 'react';
import type { Message } from '../../../sdk/types.ts';
import { useText } from '../i18n/index.ts';
import { classes, IconButton, Menu } from '../ui/index.ts';
import { EmojiPicker } from './emoji-picker.tsx';
import { useMessageMenu } from './message-menu.tsx';
import { usePane } from './pane.tsx';
import { actionsOn } from './permissions.ts';

/** Beside a message that is pointed at: the two things that are done most, and the rest behind a button. */
export function Toolbar({
  message,
  onHold,
}: {
  readonly message: Message;
  /** Whether something of it is open: it then has to stay. */
  readonly onHold: (isHeld: boolean) => void;
}) {
  const t = useText();
  const pane = usePane();
  const menu = useMessageMenu(message);
  const [isReacting, setReacting] = useState(false);
  const [isOpen, setOpen] = useState(false);
  const showPicker = (isShown: boolean): void => {
    setReacting(isShown);
    onHold(isShown);
  };
  const actions = actionsOn(message, pane, Date.now());
  if (actions.length === 0) return null;
  const { seq } = message;
  const react = (emoji: string): void => {
    showPicker(false);
    if (seq === undefined) return;
    const isOn = message.reactions?.[emoji]?.includes(pane.me) ?? false;
    pane.watch(pane.conversation.react(seq, emoji, !isOn));
  };
  return (
    <div
      className={classes('toolbar', (isReacting || isOpen) && 'toolbar--open')}
      role="toolbar"
      aria-label={t.chat.actions.group}
    >
      {actions.includes('react') && (
        <Popover.Root open={isReacting} onOpenChange={showPicker}>
          <Popover.Trigger asChild>
            <IconButton small label={t.chat.actions.react} icon={<SmilePlus size={18} />} />
          </Popover.Trigger>
          <Popover.Portal>
            <Popover.Content
              className="emoji-popover"
              sideOffset={6}
              collisionPadding={8}
              aria-label={t.chat.actions.react}
            >
              <EmojiPicker onPick={react} hasEntry />
            </Popover.Content>
          </Popover.Portal>
        </Popover.Root>
      )}
      {actions.includes('reply') && (
        <IconButton
          small
          label={t.chat.actions.reply}
          icon={<Reply size={18} />}
          onClick={() => pane.reply(message)}
        />
      )}
      <Menu
        trigger={<IconButton small label={t.chat.actions.more} icon={<Ellipsis size={18} />} />}
        items={isOpen ? menu() : []}
        onOpenChange={(open) => {
          setOpen(open);
          onHold(open);
        }}
      />
    </div>
  );
}
