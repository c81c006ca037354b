import { errorText, useText } from '../i18n/index.ts';
import { useUserSearch } from '../people/use-search.ts';
import { PersonResult } from './person-result.tsx';

const maxShown = 10;

/** Below the conversations that were found: users whom the server finds. */
export function FoundPeople({
  query,
  hasOthers,
  onOpen,
}: {
  readonly query: string;
  readonly hasOthers: boolean;
  readonly onOpen: (uid: string) => void;
}) {
  const t = useText();
  const { found = [], isLoading, error } = useUserSearch(query);
  const isNothing = !hasOthers && !isLoading && found.length === 0;
  return (
    <>
      {found.length > 0 && (
        <>
          <h2 className="side__group">{t.shell.side.foundPeople}</h2>
          <ul className="side__people" aria-label={t.shell.side.foundPeople}>
            {found.slice(0, maxShown).map(({ uid, name, avatar }) => (
              <li key={uid}>
                <PersonResult uid={uid} name={name} avatar={avatar} onOpen={onOpen} />
              </li>
            ))}
          </ul>
        </>
      )}
      <p className={isNothing || error !== undefined ? 'side__note' : 'unseen'} role="status">
        {error !== undefined ? errorText(error, t) : isNothing ? t.shell.side.noMatch(query.trim()) : ''}
      </p>
    </>
  );
}
