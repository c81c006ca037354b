import { Copy, Search, UserRoundPen } from 'lucide-react';
import { useMe, useProfile } from '../client.tsx';
import { useCopy } from '../copy.ts';
import { useText } from '../i18n/index.ts';
import { hrefOf } from '../route.ts';
import { Button, IconButton } from '../ui/index.ts';
import { pageAddress } from './empty-list.tsx';
import { Logo } from './logo.tsx';
import './welcome.css';

/** Beside the list, while no conversation is open. */
export function Welcome({ onFind }: { readonly onFind: () => void }) {
  const t = useText();
  const me = useMe();
  const profile = useProfile(me);
  return (
    <main className="welcome">
      <div className="welcome__inner">
        <Logo size={64} />
        <h1>{t.shell.welcome.title(profile?.name || me)}</h1>
        <p className="welcome__text">{t.shell.welcome.text}</p>
        <dl className="welcome__facts">
          <Fact label={t.shell.welcome.userName} value={me} />
          <Fact label={t.shell.welcome.address} value={pageAddress()} />
        </dl>
        <div className="welcome__actions">
          <Button variant="primary" onClick={onFind}>
            <Search size={18} aria-hidden="true" />
            {t.shell.welcome.find}
          </Button>
          {profile !== undefined && !profile.name && (
            <a className="button button--plain" href={hrefOf({ page: 'settings' })}>
              <span className="button__content">
                <UserRoundPen size={18} aria-hidden="true" />
                {t.shell.welcome.profile}
              </span>
            </a>
          )}
        </div>
        <p className="welcome__keys">{isMac() ? t.shell.welcome.keysMac : t.shell.welcome.keys}</p>
      </div>
    </main>
  );
}

function Fact({ label, value }: { readonly label: string; readonly value: string }) {
  const t = useText();
  const copy = useCopy();
  return (
    <div className="welcome__fact">
      <dt className="welcome__label">{label}</dt>
      <dd className="welcome__value">
        <span className="ellipsis">{value}</span>
        <IconButton
          small
          label={`${t.shell.copy} ${value}`}
          icon={<Copy size={16} />}
          onClick={() => copy(value)}
        />
      </dd>
    </div>
  );
}

function isMac(): boolean {
  return /Mac|iPad|iPhone/.test(navigator.platform);
}
