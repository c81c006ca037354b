import { MessageCircle, SearchX, UserPlus } from 'lucide-react';
import { useState } from 'react';
import { useMe, useName } from '../client.tsx';
import { errorText, useText } from '../i18n/index.ts';
import { Button, EmptyState, IconButton, Spinner } from '../ui/index.ts';
import { PersonRow } from './person-row.tsx';
import { useFriend, usePeople, useResource } from './provider.tsx';
import { RequestDialog } from './request-dialog.tsx';
import { useTalk } from './use-person-actions.ts';
import { type Found, useUserSearch } from './use-search.ts';

/** Users whose name or uid begins with the query, each with what one can do. */
export function FindPeople({ query }: { readonly query: string }) {
  const t = useText();
  const { found, isLoading, error, hasMore, more } = useUserSearch(query);
  if (error !== undefined) return <p role="alert">{errorText(error, t)}</p>;
  if (found === undefined || (found.length === 0 && isLoading)) return <Spinner />;
  if (found.length === 0) {
    const { nobody, nobodyText } = t.people.contacts;
    return <EmptyState icon={<SearchX />} title={nobody} text={nobodyText(query.trim())} />;
  }
  return (
    <>
      <ul aria-label={t.people.contacts.found}>
        {found.map((user) => (
          <li key={user.uid}>
            <FoundRow user={user} />
          </li>
        ))}
      </ul>
      {hasMore && (
        <Button busy={isLoading} onClick={more}>
          {t.people.contacts.findingMore}
        </Button>
      )}
    </>
  );
}

function FoundRow({ user }: { readonly user: Found }) {
  const t = useText().people;
  const me = useMe();
  const talk = useTalk(user.uid);
  const known = useName(user.uid);
  const name = known === user.uid ? user.name || known : known;
  return (
    <PersonRow
      uid={user.uid}
      name={name}
      mark={user.uid === me ? <span className="person-row__detail">{t.common.you}</span> : undefined}
      actions={
        user.uid !== me && (
          <>
            <AddFriend uid={user.uid} name={name} />
            <IconButton
              label={t.contacts.messageTo(name)}
              icon={<MessageCircle size={20} />}
              onClick={talk}
            />
          </>
        )
      }
    />
  );
}

function AddFriend({ uid, name }: { readonly uid: string; readonly name: string }) {
  const t = useText().people.contacts;
  const people = usePeople();
  const friend = useFriend(uid);
  const outgoing = useResource(people.outgoing).value;
  const [isAsking, setAsking] = useState(false);
  if (friend !== undefined) return <span className="person-row__detail">{t.isFriend}</span>;
  if (outgoing?.some(({ to }) => to === uid)) return <span className="person-row__detail">{t.isAsked}</span>;
  return (
    <>
      <Button aria-label={t.addFriendName(name)} onClick={() => setAsking(true)}>
        <UserPlus size={18} aria-hidden />
        <span className="person-row__wide">{t.addFriend}</span>
      </Button>
      {isAsking && <RequestDialog uid={uid} name={name} onClose={() => setAsking(false)} />}
    </>
  );
}
