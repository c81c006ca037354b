import { Pencil, Reply, X } from 'lucide-react';
import type { Message } from '../../../sdk/types.ts';
import { useText } from '../i18n/index.ts';
import { IconButton } from '../ui/index.ts';
import type { ComposerMode } from './composer.tsx';
import { useNameHere, usePane } from './pane.tsx';
import { summaryOf } from './summary.ts';

/** What is answered or edited, above the box. */
export function ComposerBar({
  mode,
  onClose,
}: {
  readonly mode: Exclude<ComposerMode, { kind: 'write' }>;
  readonly onClose: () => void;
}) {
  const t = useText();
  const isEdit = mode.kind === 'edit';
  return (
    <div className="composer-bar">
      <span className="composer-bar__icon">{isEdit ? <Pencil size={18} /> : <Reply size={18} />}</span>
      <span className="composer-bar__words">
        <span className="composer-bar__title ellipsis">
          {isEdit ? t.chat.composer.editing : <ReplyTitle message={mode.message} />}
        </span>
        <span className="composer-bar__text ellipsis">{summaryOf(mode.message, t)}</span>
      </span>
      <IconButton
        small
        label={isEdit ? t.chat.composer.endEdit : t.chat.composer.endReply}
        icon={<X size={18} />}
        onClick={onClose}
      />
    </div>
  );
}

function ReplyTitle({ message }: { readonly message: Message }) {
  const t = useText();
  const { me } = usePane();
  const name = useNameHere(message.from);
  return message.from === me ? t.chat.composer.replyOwn : t.chat.composer.replyTo(name);
}
