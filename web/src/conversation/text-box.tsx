import { type KeyboardEvent, type Ref, useLayoutEffect, useRef } from 'react';
import { useText } from '../i18n/index.ts';
import { type Mentions, mentionOptionId } from './use-mentions.ts';

/** The box to write in: grows with its text. Enter sends, Shift and Enter break the line. */
export function TextBox({
  ref,
  value,
  mentions,
  onChange,
  onCaret,
  onPickMention,
  onSubmit,
  onEscape,
  onEditLast,
}: {
  readonly ref: Ref<HTMLTextAreaElement>;
  readonly value: string;
  readonly mentions: Mentions;
  readonly onChange: (text: string, caret: number) => void;
  readonly onCaret: (caret: number) => void;
  readonly onPickMention: (uid: string) => void;
  readonly onSubmit: () => void;
  readonly onEscape: () => void;
  /** Whether there was one to edit. */
  readonly onEditLast: () => boolean;
}) {
  const t = useText();
  const frame = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const box = frame.current?.querySelector('textarea');
    if (box) grow(box, value);
  }, [value]);
  const onMentionKey = (event: KeyboardEvent): boolean => {
    if (!mentions.isOpen) return false;
    if (event.key === 'ArrowDown') mentions.move(1);
    else if (event.key === 'ArrowUp') mentions.move(-1);
    else if (event.key === 'Escape') mentions.close();
    else if (event.key === 'Enter' && mentions.isComplete) return false;
    else if (event.key === 'Enter' || event.key === 'Tab') onPickMention(mentions.active);
    else return false;
    return true;
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    // An input method is at work: its Enter chooses a word. 229 is what Safari says after its end.
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    if (onMentionKey(event)) event.preventDefault();
    else if (event.key === 'Enter' && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      onSubmit();
    } else if (event.key === 'Escape') onEscape();
    else if (event.key === 'ArrowUp' && onEditLast()) event.preventDefault();
  };
  const isOpen = mentions.isOpen;
  return (
    <div ref={frame} className="text-box">
      <textarea
        ref={ref}
        className="text-box__input"
        aria-label={t.chat.message}
        placeholder={t.chat.composer.placeholder}
        rows={1}
        value={value}
        dir="auto"
        enterKeyHint="send"
        aria-autocomplete="list"
        aria-controls={isOpen ? mentions.listId : undefined}
        aria-activedescendant={isOpen ? mentionOptionId(mentions.listId, mentions.active) : undefined}
        onChange={({ target }) => onChange(target.value, target.selectionStart)}
        onSelect={({ currentTarget }) => onCaret(currentTarget.selectionStart)}
        onKeyDown={onKeyDown}
      />
    </div>
  );
}

const growsByItself = typeof CSS !== 'undefined' && CSS.supports('field-sizing', 'content');

function grow(box: HTMLTextAreaElement, value: string): void {
  if (growsByItself) return;
  box.style.height = 'auto';
  if (value !== '') box.style.height = `${box.scrollHeight}px`;
}
