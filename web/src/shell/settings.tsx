import { ChevronRight, MonitorSmartphone } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import type { Operations } from '../../../sdk/operations.ts';
import { useClient, useRequest } from '../client.tsx';
import { errorText, useText } from '../i18n/index.ts';
import { hrefOf } from '../route.ts';
import { Button, PaneHeader, Spinner, Switch, useToast } from '../ui/index.ts';
import { AppearanceSettings } from './appearance-settings.tsx';
import { ChangePassword } from './change-password.tsx';
import { EndAllSessions, RemoveAccount } from './end-settings.tsx';
import { ProfileForm } from './profile-form.tsx';
import './settings.css';

type Own = Operations['me.get']['output'];

export function Settings() {
  const t = useText();
  const { data, error, reload } = useRequest('me.get', {});
  return (
    <main className="settings">
      <PaneHeader title={t.shell.settings.title} back={{ page: 'home' }} />
      <div className="settings__scroller">
        <div className="settings__inner">
          {data !== undefined ? (
            <Section title={t.shell.settings.profile}>
              <ProfileForm own={data} />
            </Section>
          ) : error !== undefined ? (
            <Section title={t.shell.settings.profile}>
              <p role="alert">{errorText(error, t)}</p>
              <Button onClick={reload}>{t.shell.tryAgain}</Button>
            </Section>
          ) : (
            <Spinner />
          )}
          <Section title={t.shell.settings.appearance}>
            <AppearanceSettings />
          </Section>
          {data !== undefined && <Privacy own={data} reload={reload} />}
          <Section title={t.shell.settings.security}>
            <a className="settings__link" href={hrefOf({ page: 'settings', section: 'devices' })}>
              <MonitorSmartphone size={20} aria-hidden="true" />
              <span className="settings__link-words">
                {t.shell.settings.devices}
                <span className="settings__hint">{t.shell.settings.devicesHint}</span>
              </span>
              <ChevronRight size={20} aria-hidden="true" />
            </a>
            <div className="settings__buttons">
              <ChangePassword />
              <EndAllSessions />
              <RemoveAccount />
            </div>
          </Section>
        </div>
      </div>
    </main>
  );
}

function Section({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  const id = useId();
  return (
    <section className="settings__section" aria-labelledby={id}>
      <h2 id={id} className="settings__heading">
        {title}
      </h2>
      <div className="settings__card">{children}</div>
    </section>
  );
}

function Privacy({ own, reload }: { readonly own: Own; readonly reload: () => void }) {
  const t = useText();
  const client = useClient();
  const toast = useToast();
  const change = (changes: Operations['me.update']['input']) => {
    client
      .request('me.update', changes)
      .then(reload, (error: unknown) => toast(errorText(error, t), 'error'));
  };
  const texts = t.shell.settings;
  return (
    <Section title={texts.privacy}>
      <Switch
        label={texts.readReceipts}
        hint={texts.readReceiptsHint}
        checked={own.readReceipts}
        onChange={(readReceipts) => change({ readReceipts })}
      />
      <Switch
        label={texts.invisible}
        hint={texts.invisibleHint}
        checked={own.invisible}
        onChange={(invisible) => change({ invisible })}
      />
      <Switch
        label={texts.discoverable}
        hint={texts.discoverableHint}
        checked={own.discoverable}
        onChange={(discoverable) => change({ discoverable })}
      />
    </Section>
  );
}
