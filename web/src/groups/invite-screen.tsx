import { CircleCheck, Clock, Link2Off, UsersRound } from 'lucide-react';
import type { ReactNode } from 'react';
import { useClient, useName, useSignal } from '../client.tsx';
import { errorText, useLanguage, useText } from '../i18n/index.ts';
import { FormError } from '../people/form-error.tsx';
import { usePeople } from '../people/provider.tsx';
import { moment } from '../remote/when.ts';
import { go } from '../route.ts';
import { Avatar, Button, PaneHeader, Spinner } from '../ui/index.ts';
import { useJoining } from './use-joining.ts';
import './invite-screen.css';

export interface InviteScreenProps {
  readonly gid: string;
  /** Absent where the group is to be joined as it lets in everybody. */
  readonly code?: string | undefined;
}

/** What an invitation by link leads to. */
export function InviteScreen({ gid, code }: InviteScreenProps) {
  const i = useText().people.invite;
  const client = useClient();
  const { step, name, join, isBusy, error } = useJoining(gid, code);
  const open = () => go({ page: 'conversation', conv: client.conversation({ gid }).conv }, { replace: true });
  return (
    <main className="invite-screen" aria-label={i.title}>
      <PaneHeader title={code === undefined ? i.plainTitle : i.title} back={{ page: 'home' }} />
      <div className="invite-screen__middle">
        {step === 'looking' && <Spinner />}
        {step === 'asked' && (
          <Card icon={<UsersRound />} title={code === undefined ? i.plainTitle : <Invited code={code} />}>
            <p>{code === undefined ? i.plainText : i.text}</p>
            {code !== undefined && <Until code={code} />}
            {error !== undefined && <Failure error={error} />}
            <div className="invite-screen__buttons">
              <Button onClick={leave}>{i.notNow}</Button>
              <Button variant="primary" busy={isBusy} onClick={join}>
                {i.join}
              </Button>
            </div>
          </Card>
        )}
        {step === 'member' && (
          <Card icon={<Avatar uid={gid} name={name} size={64} group />} title={i.memberTitle(name ?? gid)}>
            <Button variant="primary" onClick={open}>
              {i.open}
            </Button>
          </Card>
        )}
        {step === 'joined' && (
          <Card icon={<CircleCheck />} title={i.joined(name ?? gid)}>
            <Button variant="primary" onClick={open}>
              {i.open}
            </Button>
          </Card>
        )}
        {step === 'pending' && <Final icon={<Clock />} title={i.pendingTitle} text={i.pendingText} />}
        {step === 'declined' && <Final icon={<Link2Off />} title={i.declinedTitle} text={i.declinedText} />}
        {step === 'expired' && <Final icon={<Link2Off />} title={i.expiredTitle} text={i.expiredText} />}
        {step === 'forbidden' && (
          <Final icon={<Link2Off />} title={i.forbiddenTitle} text={i.forbiddenText} />
        )}
        {step === 'gone' && <Final icon={<Link2Off />} title={i.goneTitle} text={i.goneText} />}
        {step === 'full' && <Final icon={<UsersRound />} title={i.fullTitle} text={i.fullText} />}
      </div>
    </main>
  );
}

const leave = () => go({ page: 'home' }, { replace: true });

function Card({
  icon,
  title,
  children,
}: {
  readonly icon: ReactNode;
  readonly title: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <div className="invite-screen__card" aria-live="polite">
      <span className="invite-screen__icon">{icon}</span>
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** Where there is nothing to do but go back. */
function Final({
  icon,
  title,
  text,
}: {
  readonly icon: ReactNode;
  readonly title: string;
  readonly text: string;
}) {
  const i = useText().people.invite;
  return (
    <Card icon={icon} title={title}>
      <p>{text}</p>
      <Button onClick={leave}>{i.close}</Button>
    </Card>
  );
}

/** Who invites, where the server has told. */
function Invited({ code }: { readonly code: string }) {
  const i = useText().people.invite;
  const invitation = useSignal(usePeople().invitations).find((one) => one.code === code);
  return invitation === undefined ? i.title : <InvitedBy uid={invitation.by} />;
}

function InvitedBy({ uid }: { readonly uid: string }) {
  return useText().people.invite.byName(useName(uid));
}

function Until({ code }: { readonly code: string }) {
  const i = useText().people.invite;
  const language = useLanguage();
  const invitation = useSignal(usePeople().invitations).find((one) => one.code === code);
  if (invitation === undefined) return null;
  return <p>{i.until(moment(invitation.expiresAt, Date.now(), language))}</p>;
}

function Failure({ error }: { readonly error: unknown }) {
  return <FormError>{errorText(error, useText())}</FormError>;
}
