import { Check, SendHorizontal, Smile } from 'lucide-react';
import { Popover } from 'radix-ui';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Draft, Message } from '../../../sdk/types.ts';
import { isManager, type Member } from '../groups/permissions.ts';
import { errorText, useText } from '../i18n/index.ts';
import { IconButton, useToast } from '../ui/index.ts';
import type { Reason } from './body.tsx';
import { ComposerBar } from './composer-bar.tsx';
import { EmojiPicker } from './emoji-picker.tsx';
import { MentionList } from './mention-list.tsx';
import { usePane } from './pane.tsx';
import { actionsOn } from './permissions.ts';
import { isEvent } from './rows.ts';
import { byteLength, mentionsIn } from './text.ts';
import { TextBox } from './text-box.tsx';
import { useDraft } from './use-draft.ts';
import { useMentions } from './use-mentions.ts';
import './composer.css';

export type ComposerMode =
  | { readonly kind: 'write' }
  | { readonly kind: 'reply' | 'edit'; readonly message: Message };

/** As the server takes it: a packet has 256 KiB, and something of it is the message's frame. */
const maxBytes = 250_000;

/** Where one writes; or why one cannot. */
export function Composer({
  mode,
  onMode,
  members,
  reason,
  onSend,
}: {
  readonly mode: ComposerMode;
  readonly onMode: (mode: ComposerMode) => void;
  readonly members: readonly Member[];
  readonly reason: Reason | undefined;
  readonly onSend: () => void;
}) {
  if (reason !== undefined) {
    return (
      <div className="composer composer--closed">
        <p className="composer__reason">{reason.text}</p>
        {reason.action}
      </div>
    );
  }
  return <OpenComposer mode={mode} onMode={onMode} members={members} onSend={onSend} />;
}

function OpenComposer({
  mode,
  onMode,
  members,
  onSend,
}: {
  readonly mode: ComposerMode;
  readonly onMode: (mode: ComposerMode) => void;
  readonly members: readonly Member[];
  readonly onSend: () => void;
}) {
  const t = useText();
  const toast = useToast();
  const pane = usePane();
  const { conversation, me, role, watch } = pane;
  const box = useRef<HTMLTextAreaElement>(null);
  const [draft, setDraft, flushDraft] = useDraft();
  const [edited, setEdited] = useEdited(mode);
  const isEditing = mode.kind === 'edit';
  const text = isEditing ? edited : draft;
  const setText = isEditing ? setEdited : setDraft;
  const [caret, setCaret] = useState(0);
  const mentions = useMentions({ text, caret, members, me, canMentionAll: isManager(role) });
  const over = text.length > maxBytes / 6 ? byteLength(JSON.stringify(text)) - maxBytes : 0;
  const canSend = text.trim() !== '' && over <= 0;
  useFocus(box, mode);

  const write = useCallback(() => onMode({ kind: 'write' }), [onMode]);
  const putIn = (insert: string, from: number, to: number): void => {
    setText(text.slice(0, from) + insert + text.slice(to));
    setCaret(from + insert.length);
    setCaretSoon(box.current, from + insert.length);
  };
  const pickMention = (uid: string): void => {
    if (mentions.start !== undefined) putIn(`@${uid} `, mentions.start, caret);
  };
  const submit = (): void => {
    if (!canSend) return;
    const said = text.replace(/^\s*\n/, '').trimEnd();
    if (mode.kind === 'edit') {
      const { seq, body } = mode.message;
      if (seq !== undefined && said !== body?.text) watch(conversation.edit(seq, { text: said }));
      write();
      return;
    }
    const named = mentionsIn(said, mentions.isKnown).map((uid) => (uid === 'all' ? '@all' : uid));
    const message: Draft = {
      body: { text: said },
      ...(mode.kind === 'reply' && mode.message.seq !== undefined && { replyTo: mode.message.seq }),
      ...(named.length > 0 && { mentions: named }),
    };
    setDraft('');
    flushDraft();
    write();
    onSend();
    conversation.send(message).then(
      // A refusal shows at the message itself.
      ({ stored }) => stored.catch(() => {}),
      (error: unknown) => {
        setDraft(said);
        toast(errorText(error, t), 'error');
      },
    );
  };
  const editLast = (): boolean => {
    const last = conversation.messages.value.items.findLast(
      (message) => message.from === me && !isEvent(message) && !message.recalled,
    );
    if (last === undefined || !actionsOn(last, pane, Date.now()).includes('edit')) return false;
    onMode({ kind: 'edit', message: last });
    return true;
  };
  return (
    <div className="composer">
      {mentions.isOpen && <MentionList mentions={mentions} onPick={pickMention} />}
      {mode.kind !== 'write' && <ComposerBar mode={mode} onClose={write} />}
      {over > 0 && (
        <p className="composer__over" role="alert">
          {t.chat.composer.tooLong(t.chat.composer.characters(over))}
        </p>
      )}
      <div className="composer__line">
        <div className="composer__box">
          <TextBox
            ref={box}
            value={text}
            mentions={mentions}
            onChange={(changed, at) => {
              setText(changed);
              setCaret(at);
              if (!isEditing && changed !== '') conversation.typed();
            }}
            onCaret={setCaret}
            onPickMention={pickMention}
            onSubmit={submit}
            onEscape={() => (mode.kind === 'write' ? box.current?.blur() : write())}
            onEditLast={() => mode.kind === 'write' && text === '' && editLast()}
          />
          <EmojiButton
            onPick={(emoji) => {
              const at = box.current?.selectionStart ?? text.length;
              putIn(emoji, at, box.current?.selectionEnd ?? at);
            }}
          />
        </div>
        <IconButton
          className="composer__send"
          variant="primary"
          label={isEditing ? t.chat.composer.save : t.chat.send}
          icon={isEditing ? <Check size={20} /> : <SendHorizontal size={20} />}
          disabled={!canSend}
          // The text box keeps the focus, and a phone its keyboard.
          onPointerDown={(event) => event.preventDefault()}
          onClick={submit}
        />
      </div>
    </div>
  );
}

function EmojiButton({ onPick }: { readonly onPick: (emoji: string) => void }) {
  const t = useText();
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <IconButton className="composer__emoji" label={t.chat.insertEmoji} icon={<Smile size={20} />} />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          className="emoji-popover"
          side="top"
          align="end"
          sideOffset={10}
          collisionPadding={8}
          aria-label={t.chat.insertEmoji}
        >
          <EmojiPicker onPick={onPick} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

/** The text of an edit: begins as what the message says, and leaves the draft as it is. */
function useEdited(mode: ComposerMode): readonly [string, (text: string) => void] {
  const [edited, setEdited] = useState<{ readonly mode: ComposerMode; readonly text: string }>({
    mode,
    text: '',
  });
  const text = edited.mode === mode ? edited.text : initialText(mode);
  const set = useCallback((changed: string) => setEdited({ mode, text: changed }), [mode]);
  return [text, set];
}

const initialText = (mode: ComposerMode): string =>
  mode.kind === 'edit' ? String(mode.message.body?.text ?? '') : '';

function useFocus(box: { readonly current: HTMLTextAreaElement | null }, mode: ComposerMode): void {
  const isFirst = useRef(true);
  useEffect(() => {
    const wasFirst = isFirst.current;
    isFirst.current = false;
    // A phone's keyboard would cover half of what was opened.
    if (wasFirst && !matchMedia('(pointer: fine)').matches) return;
    if (mode.kind === 'write' && !wasFirst) return;
    // Behind the menu that was used, which gives the focus back to its button.
    const timer = setTimeout(
      () => {
        const { current } = box;
        current?.focus();
        if (mode.kind === 'edit') current?.setSelectionRange(current.value.length, current.value.length);
      },
      wasFirst ? 0 : 30,
    );
    return () => clearTimeout(timer);
  }, [box, mode]);
}

function setCaretSoon(box: HTMLTextAreaElement | null, at: number): void {
  requestAnimationFrame(() => {
    box?.focus();
    box?.setSelectionRange(at, at);
  });
}
