import { MessageCircle, NotebookPen, UserPlus } from 'lucide-react';
import { useState } from 'react';
import { useMe, useName, usePresence, useProfile, useRequest } from '../client.tsx';
import { errorText, useLanguage, useText } from '../i18n/index.ts';
import { ago } from '../remote/when.ts';
import { Avatar, Button } from '../ui/index.ts';
import { PersonEnding } from './person-ending.tsx';
import { PersonFacts } from './person-facts.tsx';
import { PersonMute } from './person-mute.tsx';
import { useFriend, useIsBlocked, usePeople, useResource } from './provider.tsx';
import { RequestDialog } from './request-dialog.tsx';
import { useAnswer, useTalk } from './use-person-actions.ts';
import './person.css';

interface PersonProps {
  readonly uid: string;
  /** Whether there is a way to their conversation; beside it there need not be. */
  readonly hasTalk: boolean;
}

export function Person({ uid, hasTalk }: PersonProps) {
  const t = useText();
  const me = useMe();
  const known = useProfile(uid);
  const { data, error } = useRequest('users.get', { uid });
  const profile = data ?? known;
  const name = useName(uid);
  if (profile === undefined && error !== undefined) {
    return (
      <p className="person__error" role="alert">
        {errorText(error, t)}
      </p>
    );
  }
  const isMe = uid === me;
  const isRemoved = profile?.removed === true;
  return (
    <div className="person">
      <header className="person__head">
        <Avatar uid={uid} name={name} src={profile?.avatar} size={96} />
        <h2 className="person__name">{name}</h2>
        {isRemoved && <p className="person__state">{t.people.person.removed}</p>}
        {isMe && <p className="person__state">{t.people.person.yourself}</p>}
        {!(isMe || isRemoved) && <PresenceLine uid={uid} />}
      </header>
      {!isRemoved && <PersonButtons uid={uid} name={name} isMe={isMe} hasTalk={hasTalk} />}
      <PersonFacts uid={uid} profile={profile} />
      {!isMe && <PersonMute uid={uid} />}
      {!isMe && <PersonEnding uid={uid} name={name} />}
    </div>
  );
}

function PresenceLine({ uid }: { readonly uid: string }) {
  const t = useText().people.person;
  const language = useLanguage();
  const presence = usePresence(uid);
  if (presence === undefined) return null;
  if (presence.online) return <p className="person__state person__state--online">{t.online}</p>;
  return <p className="person__state">{t.lastSeen(ago(presence.ts, Date.now(), language))}</p>;
}

function PersonButtons({
  uid,
  name,
  isMe,
  hasTalk,
}: PersonProps & { readonly name: string; readonly isMe: boolean }) {
  const t = useText().people;
  const talk = useTalk(uid);
  const isBlocked = useIsBlocked(uid);
  const Icon = isMe ? NotebookPen : MessageCircle;
  return (
    <>
      <div className="person__buttons">
        {hasTalk && !isBlocked && (
          <Button variant="primary" aria-label={isMe ? undefined : t.contacts.messageTo(name)} onClick={talk}>
            <Icon size={18} aria-hidden />
            {isMe ? t.person.notes : t.common.message}
          </Button>
        )}
        {!(isMe || isBlocked) && <AddFriend uid={uid} name={name} />}
      </div>
      {!isMe && <Friendship uid={uid} name={name} />}
    </>
  );
}

/** There where one may ask: not of friends, nor while a request is pending either way. */
function AddFriend({ uid, name }: { readonly uid: string; readonly name: string }) {
  const t = useText().people.contacts;
  const people = usePeople();
  const friends = useResource(people.friends).value;
  const outgoing = useResource(people.outgoing).value;
  const incoming = useResource(people.incoming).value;
  const [isAsking, setAsking] = useState(false);
  const isKnown = friends !== undefined && outgoing !== undefined && incoming !== undefined;
  const isPending = outgoing?.some(({ to }) => to === uid) || incoming?.some(({ from }) => from === uid);
  const isFriend = friends?.some((friend) => friend.uid === uid);
  return (
    <>
      {isKnown && !isPending && !isFriend && (
        <Button aria-label={t.addFriendName(name)} onClick={() => setAsking(true)}>
          <UserPlus size={18} aria-hidden />
          {t.addFriend}
        </Button>
      )}
      {isAsking && <RequestDialog uid={uid} name={name} onClose={() => setAsking(false)} />}
    </>
  );
}

/** What is between the two: a request either way, or a block. */
function Friendship({ uid, name }: { readonly uid: string; readonly name: string }) {
  const t = useText().people;
  const people = usePeople();
  const friend = useFriend(uid);
  const isBlocked = useIsBlocked(uid);
  const outgoing = useResource(people.outgoing).value;
  const request = useResource(people.incoming).value?.find(({ from }) => from === uid);
  const { accept, decline } = useAnswer(request, name);
  if (isBlocked) return <p className="person__card person__card--blocked">{t.person.blocked}</p>;
  if (request !== undefined) {
    return (
      <div className="person__card">
        <p>{t.contacts.newRequest(name)}</p>
        {request.note !== undefined && <p className="person__note">{request.note}</p>}
        <div className="person__answers">
          <Button
            busy={decline.isBusy}
            aria-label={t.contacts.declineFrom(name)}
            onClick={() => void decline.run()}
          >
            {t.contacts.decline}
          </Button>
          <Button
            variant="primary"
            busy={accept.isBusy}
            aria-label={t.contacts.acceptFrom(name)}
            onClick={() => void accept.run()}
          >
            {t.contacts.accept}
          </Button>
        </div>
      </div>
    );
  }
  const isAsked = friend === undefined && outgoing?.some(({ to }) => to === uid);
  return isAsked ? <p className="person__card">{t.person.asked}</p> : null;
}
