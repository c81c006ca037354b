import type { Message } from '../../../sdk/types.ts';
import { errorText, useText } from '../i18n/index.ts';
import { hrefOf } from '../route.ts';
import { useToast } from '../ui/index.ts';
import { usePane } from './pane.tsx';

/** Why a message was not sent, and what to do about it. */
export function Failure({ message }: { readonly message: Message }) {
  const t = useText();
  const toast = useToast();
  const { conversation } = usePane();
  const attempt = (work: Promise<void>): void => {
    work.catch((error: unknown) => toast(errorText(error, t), 'error'));
  };
  return (
    <div className="failure">
      {message.error !== undefined && <span>{errorText(message.error, t)}</span>}
      {message.error?.code === 'send.not-friends' && (
        <a
          className="failure__action"
          href={hrefOf({ page: 'conversation', conv: message.conv, details: true })}
        >
          {t.chat.details}
        </a>
      )}
      <button
        type="button"
        className="failure__action"
        onClick={() => attempt(conversation.retry(message.key))}
      >
        {t.chat.retry}
      </button>
      <button
        type="button"
        className="failure__action"
        onClick={() => attempt(conversation.discard(message.key))}
      >
        {t.chat.delete}
      </button>
    </div>
  );
}
