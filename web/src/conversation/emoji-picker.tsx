import { type FormEvent, useState } from 'react';
import { useText } from '../i18n/index.ts';
import { Button } from '../ui/index.ts';
import './emoji-picker.css';

export const quickEmoji: readonly string[] = ['👍', '❤️', '😂', '😮', '😢', '🙏'];

const common: readonly string[] = [
  ...quickEmoji,
  ...['🎉', '🔥', '👏', '💯', '✅', '👀', '🤔', '😅', '😍', '🥳', '😎', '🙌'],
  ...['👌', '💪', '🤝', '🚀', '✨', '💡', '☕', '🌹', '😴', '😡', '👎', '❓'],
];

/** What a reaction may be: the server takes no spaces and 32 characters at most. */
const isReaction = (text: string): boolean =>
  text.length > 0 && text.length <= 32 && !/[\s\p{Cc}]/u.test(text);

/** Common emoji; with an entry for any other, or a short word. */
export function EmojiPicker({
  onPick,
  hasEntry = false,
}: {
  readonly onPick: (emoji: string) => void;
  readonly hasEntry?: boolean;
}) {
  const t = useText();
  const [other, setOther] = useState('');
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isReaction(other.trim())) onPick(other.trim());
  };
  return (
    <div className="emoji-picker">
      <div className="emoji-picker__grid">
        {common.map((emoji) => (
          <button
            key={emoji}
            type="button"
            className="emoji-picker__emoji"
            aria-label={hasEntry ? t.chat.reactWith(emoji) : emoji}
            onClick={() => onPick(emoji)}
          >
            {emoji}
          </button>
        ))}
      </div>
      {hasEntry && (
        <form className="emoji-picker__entry" onSubmit={submit}>
          <input
            type="text"
            className="emoji-picker__input"
            aria-label={t.chat.otherEmoji}
            placeholder={t.chat.otherEmoji}
            maxLength={32}
            value={other}
            onChange={(event) => setOther(event.target.value)}
          />
          <Button type="submit" disabled={!isReaction(other.trim())}>
            {t.chat.emojiUse}
          </Button>
        </form>
      )}
    </div>
  );
}
