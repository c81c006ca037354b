import type { Message } from '../../../sdk/types.ts';
import { useText } from '../i18n/index.ts';
import { Avatar } from '../ui/index.ts';
import { useNameHere, usePane } from './pane.tsx';
import { summaryOf } from './summary.ts';

/** What a message answers; a click leads there. */
export function Quote({ seq, message }: { readonly seq: number; readonly message: Message | undefined }) {
  const t = useText();
  const { jumpTo } = usePane();
  return (
    <button type="button" className="quote" onClick={() => jumpTo(seq)}>
      {message === undefined ? (
        <span className="quote__text">{t.chat.quoteMissing}</span>
      ) : (
        <QuoteLines message={message} />
      )}
    </button>
  );
}

export function QuoteLines({ message }: { readonly message: Message }) {
  const t = useText();
  const { me } = usePane();
  const name = useNameHere(message.from);
  const isOwn = message.from === me;
  const recalled = isOwn ? t.chat.recalledOwn : t.chat.recalled(name);
  return (
    <>
      <span className="quote__name ellipsis">{isOwn ? t.chat.you : name}</span>
      <span className="quote__text">{message.recalled ? recalled : summaryOf(message, t)}</span>
    </>
  );
}

export function SenderAvatar({ uid, size }: { readonly uid: string; readonly size: number }) {
  const name = useNameHere(uid);
  return <Avatar uid={uid} name={name} size={size} />;
}
