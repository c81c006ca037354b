import { useEffect, useState } from 'react';
import type { Client } from '../../sdk/types.ts';
import { ClientProvider, useClient, useSignal } from './client.tsx';
import { useText } from './i18n/index.ts';
import { UpdateHint } from './offline/update-hint.tsx';
import { PeopleProvider } from './people/provider.tsx';
import { PreferencesProvider } from './preferences.tsx';
import { go, parseRoute } from './route.ts';
import { CrashBoundary } from './shell/crash.tsx';
import { Frame } from './shell/frame.tsx';
import { StartPage } from './shell/start-page.tsx';
import { ToastProvider } from './ui/index.ts';
import './styles/tokens.css';
import './styles/base.css';

export function App({ client }: { readonly client: Client }) {
  return (
    <PreferencesProvider>
      <ClientProvider client={client}>
        <ToastProvider>
          <CrashBoundary>
            <Page />
            <UpdateHint />
          </CrashBoundary>
        </ToastProvider>
      </ClientProvider>
    </PreferencesProvider>
  );
}

function Page() {
  const t = useText();
  const client = useClient();
  const user = useSignal(client.user);
  const [ended, setEnded] = useState<'asked' | 'removed' | 'expired'>('asked');
  const isReady = useSignal(client.status) !== 'signed-out';
  useEffect(
    () =>
      client.on('signed-out', (reason) => {
        setEnded(reason);
        // What was open is not for whoever comes next; an invitation may be.
        if (parseRoute(location.hash).page !== 'invite') go({ page: 'home' }, { replace: true });
      }),
    [client],
  );
  useEffect(() => {
    if (user === undefined) document.title = t.shell.app;
  }, [user, t]);
  // Who has just signed in has nothing to show yet.
  if (user === undefined || !isReady) return <StartPage ended={ended} />;
  return (
    <PeopleProvider key={user.uid}>
      <Frame />
    </PeopleProvider>
  );
}
