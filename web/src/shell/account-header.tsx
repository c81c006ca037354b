import { LogOut, Settings, UsersRound } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useClient, useMe, useProfile, useSignal } from '../client.tsx';
import { useText } from '../i18n/index.ts';
import { usePendingCount } from '../people/provider.tsx';
import { hrefOf, type Route } from '../route.ts';
import { Avatar, Badge, IconButton } from '../ui/index.ts';
import { SignOutDialog } from './sign-out-dialog.tsx';
import './account-header.css';

/** Who is signed in, and the ways to what is not a conversation. */
export function AccountHeader() {
  const t = useText();
  const client = useClient();
  const me = useMe();
  const profile = useProfile(me);
  const waiting = useSignal(client.waiting);
  const [isAsking, setAsking] = useState(false);
  const news = usePendingCount();
  const signOut = () => {
    if (waiting > 0) setAsking(true);
    else void client.signOut();
  };
  return (
    <header className="account">
      <a className="account__who" href={hrefOf({ page: 'settings' })} title={t.shell.side.account}>
        <Avatar uid={me} name={profile?.name} src={profile?.avatar} size={40} />
        <span className="account__names">
          <span className="account__name ellipsis">{profile?.name || me}</span>
          {profile?.name && <span className="account__uid ellipsis">{me}</span>}
        </span>
      </a>
      <HeaderLink
        to={{ page: 'people' }}
        label={news > 0 ? `${t.shell.side.people}, ${t.shell.side.peopleWaiting(news)}` : t.shell.side.people}
        icon={<UsersRound size={20} />}
        count={news}
      />
      <HeaderLink to={{ page: 'settings' }} label={t.shell.side.settings} icon={<Settings size={20} />} />
      <IconButton label={t.shell.side.signOut} icon={<LogOut size={20} />} onClick={signOut} />
      <SignOutDialog open={isAsking} waiting={waiting} onClose={() => setAsking(false)} />
    </header>
  );
}

function HeaderLink({
  to,
  label,
  icon,
  count = 0,
}: {
  readonly to: Route;
  readonly label: string;
  readonly icon: ReactNode;
  readonly count?: number;
}) {
  return (
    <a className="icon-button account__link" href={hrefOf(to)} aria-label={label} title={label}>
      {icon}
      <span className="account__count" aria-hidden="true">
        <Badge count={count} />
      </span>
    </a>
  );
}
