import { X } from 'lucide-react';
import { type FormEvent, useEffect, useId, useRef, useState } from 'react';
import { errorText, useText } from '../i18n/index.ts';
import { usePeople, useResource } from '../people/provider.tsx';
import { useUserSearch } from '../people/use-search.ts';
import { IconButton, Spinner, TextField } from '../ui/index.ts';
import { PersonResult } from './person-result.tsx';
import { useOpenTyped } from './use-open-typed.ts';
import './new-chat.css';

const maxShown = 8;

/** Whom to write to: by user name or name, or one of the friends. */
export function NewChat({
  onOpen,
  onClose,
}: {
  readonly onOpen: (uid: string) => void;
  readonly onClose: () => void;
}) {
  const t = useText();
  const headingId = useId();
  const [query, setQuery] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const search = useUserSearch(query);
  const found = query.trim() === '' ? undefined : search.found?.slice(0, maxShown);
  const enter = useOpenTyped(onOpen);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void enter.run(query);
  };
  const isUnknown =
    found?.length === 0 && !search.isLoading && search.error === undefined && enter.error === undefined;
  return (
    <section
      className="new-chat"
      aria-labelledby={headingId}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose();
      }}
    >
      <header className="new-chat__head">
        <h2 id={headingId} className="new-chat__title">
          {t.shell.side.newChat}
        </h2>
        <IconButton small label={t.shell.close} icon={<X size={18} />} onClick={onClose} />
      </header>
      <form onSubmit={submit} noValidate>
        <TextField
          ref={field}
          label={t.shell.newChat.userName}
          placeholder={t.shell.newChat.placeholder}
          value={query}
          onChange={(event) => {
            enter.clear();
            setQuery(event.target.value);
          }}
          autoComplete="off"
          autoCapitalize="none"
          autoCorrect="off"
          spellCheck={false}
          enterKeyHint="go"
          data-row-start=""
          trailing={enter.isBusy || search.isLoading ? <Spinner size={18} /> : undefined}
          error={
            enter.error !== undefined
              ? errorText(enter.error, t)
              : search.error !== undefined
                ? errorText(search.error, t)
                : undefined
          }
        />
      </form>
      {found === undefined ? (
        <Friends onOpen={onOpen} />
      ) : (
        <ul aria-label={t.shell.newChat.found}>
          {found.map(({ uid, name, avatar }) => (
            <li key={uid}>
              <PersonResult uid={uid} name={name} avatar={avatar} onOpen={onOpen} />
            </li>
          ))}
        </ul>
      )}
      {isUnknown && (
        <p className="new-chat__hint" role="status">
          {t.shell.newChat.none(query.trim())}
        </p>
      )}
    </section>
  );
}

function Friends({ onOpen }: { readonly onOpen: (uid: string) => void }) {
  const t = useText();
  const friends = useResource(usePeople().friends).value ?? [];
  if (friends.length === 0) return <p className="new-chat__hint">{t.shell.newChat.hint}</p>;
  return (
    <>
      <h3 className="new-chat__group">{t.shell.newChat.friends}</h3>
      <ul aria-label={t.shell.newChat.friends}>
        {friends.slice(0, maxShown).map(({ uid, name, remark }) => (
          <li key={uid}>
            <PersonResult uid={uid} name={remark || name} onOpen={onOpen} />
          </li>
        ))}
      </ul>
    </>
  );
}
