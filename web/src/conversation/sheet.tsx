import type { Message } from '../../../sdk/types.ts';
import { useText } from '../i18n/index.ts';
import { classes, Dialog } from '../ui/index.ts';
import { quickEmoji } from './emoji-picker.tsx';
import { useMessageMenu } from './message-menu.tsx';
import { useNameHere, usePane } from './pane.tsx';
import { actionsOn } from './permissions.ts';
import './sheet.css';

/** What can be done with a message, for fingers. */
export function MessageSheet({
  message,
  onClose,
}: {
  readonly message: Message;
  readonly onClose: () => void;
}) {
  const t = useText();
  const pane = usePane();
  const name = useNameHere(message.from);
  const items = useMessageMenu(message)();
  const { seq } = message;
  const canReact = seq !== undefined && actionsOn(message, pane, Date.now()).includes('react');
  const react = (emoji: string): void => {
    onClose();
    if (seq === undefined) return;
    const isOn = message.reactions?.[emoji]?.includes(pane.me) ?? false;
    pane.watch(pane.conversation.react(seq, emoji, !isOn));
  };
  return (
    <Dialog open title={name} onClose={onClose}>
      {canReact && (
        <div className="sheet__quick">
          {quickEmoji.map((emoji) => (
            <button
              key={emoji}
              type="button"
              className={classes(
                'sheet__emoji',
                message.reactions?.[emoji]?.includes(pane.me) && 'sheet__emoji--on',
              )}
              aria-label={t.chat.reactWith(emoji)}
              onClick={() => react(emoji)}
            >
              {emoji}
            </button>
          ))}
        </div>
      )}
      <ul className="sheet__list">
        {items.map((item) => (
          <li key={item.label}>
            <button
              type="button"
              className={classes('sheet__item', item.danger && 'sheet__item--danger')}
              onClick={() => {
                onClose();
                item.onSelect();
              }}
            >
              {item.icon}
              {item.label}
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
