import { Check, Inbox, X } from 'lucide-react';
import { useName, useSignal } from '../client.tsx';
import { useLanguage, useText } from '../i18n/index.ts';
import { ago, moment } from '../remote/when.ts';
import { hrefOf } from '../route.ts';
import { Avatar, Button, EmptyState, IconButton } from '../ui/index.ts';
import { Answered } from './answered.tsx';
import type { FriendRequest, Invitation } from './people.ts';
import { PersonRow } from './person-row.tsx';
import { usePeople, useResource } from './provider.tsx';
import { useAnswer } from './use-person-actions.ts';
import './request-list.css';

/** Who asks the user, whom the user has asked, and invitations to groups. */
export function RequestList() {
  const t = useText().people.contacts;
  const people = usePeople();
  const incoming = useResource(people.incoming).value ?? [];
  const outgoing = useResource(people.outgoing).value ?? [];
  const invitations = useSignal(people.invitations);
  const isEmpty = incoming.length + outgoing.length + invitations.length === 0;
  return (
    <Answered resource={people.incoming}>
      {isEmpty && <EmptyState icon={<Inbox />} title={t.noRequests} text={t.noRequestsText} />}
      {incoming.length > 0 && (
        <section className="request-list">
          <h2 className="request-list__title">{t.requestsIn}</h2>
          <ul aria-label={t.requestsIn}>
            {incoming.map((request) => (
              <li key={request.id}>
                <Incoming request={request} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {invitations.length > 0 && (
        <section className="request-list">
          <h2 className="request-list__title">{t.invitations}</h2>
          <ul aria-label={t.invitations}>
            {invitations.map((invitation) => (
              <li key={invitation.code}>
                <Invited invitation={invitation} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {outgoing.length > 0 && (
        <section className="request-list">
          <h2 className="request-list__title">{t.requestsOut}</h2>
          <ul aria-label={t.requestsOut}>
            {outgoing.map((request) => (
              <li key={request.id}>
                <PersonRow uid={request.to} detail={<Asked request={request} />} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </Answered>
  );
}

function Incoming({ request }: { readonly request: FriendRequest }) {
  const t = useText().people.contacts;
  const language = useLanguage();
  const name = useName(request.from);
  const { accept, decline } = useAnswer(request, name);
  const when = ago(request.at, Date.now(), language);
  return (
    <div className="request">
      <PersonRow
        uid={request.from}
        detail={name === request.from ? when : `@${request.from} · ${when}`}
        actions={
          <>
            <IconButton
              label={t.declineFrom(name)}
              icon={<X size={20} />}
              aria-busy={decline.isBusy}
              onClick={() => void decline.run()}
            />
            <Button
              variant="primary"
              busy={accept.isBusy}
              aria-label={t.acceptFrom(name)}
              onClick={() => void accept.run()}
            >
              <Check size={18} aria-hidden />
              <span className="person-row__wide">{t.accept}</span>
            </Button>
          </>
        }
      />
      {request.note !== undefined && <p className="request__note">{request.note}</p>}
    </div>
  );
}

function Asked({ request }: { readonly request: FriendRequest }) {
  const t = useText().people.contacts;
  const language = useLanguage();
  return `${t.waitsFor} · ${ago(request.at, Date.now(), language)}`;
}

function Invited({ invitation: { gid, code, by, expiresAt } }: { readonly invitation: Invitation }) {
  const t = useText().people;
  const language = useLanguage();
  const name = useName(by);
  return (
    <a className="invited" href={hrefOf({ page: 'invite', gid, code })}>
      <Avatar uid={gid} name={gid} size={40} group />
      <span className="invited__text">
        <span>{t.contacts.invitedBy(name)}</span>
        <span className="invited__until">
          {t.groups.invites.endsAt(moment(expiresAt, Date.now(), language))}
        </span>
      </span>
      <span className="invited__open">{t.contacts.seeInvitation}</span>
    </a>
  );
}
