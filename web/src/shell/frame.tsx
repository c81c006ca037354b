import { useRef, useState } from 'react';
import { useClient, useConversation } from '../client.tsx';
import { ConversationView } from '../conversation/index.tsx';
import { DevicesScreen } from '../devices/index.tsx';
import { GroupDetails, InviteScreen, NewGroup } from '../groups/index.tsx';
import { PeopleScreen, PersonDetails, PersonScreen } from '../people/index.tsx';
import { go, type Route, useRoute } from '../route.ts';
import { classes } from '../ui/index.ts';
import { Settings } from './settings.tsx';
import { Sidebar } from './sidebar.tsx';
import { StatusBanner } from './status-banner.tsx';
import { useFocusOnArrival } from './use-focus-on-arrival.ts';
import { useTitle } from './use-title.ts';
import { Welcome } from './welcome.tsx';
import './frame.css';

/** The page of who is signed in: the left column, and one thing beside it. On phones one of the two. */
export function Frame() {
  const route = useOwnRoute();
  const [isNewChatOpen, setNewChatOpen] = useState(false);
  const [isNewGroupOpen, setNewGroupOpen] = useState(false);
  const main = useRef<HTMLDivElement>(null);
  useFocusOnArrival(route, main);
  useTitle(route);
  return (
    <div className={classes('frame', route.page === 'home' && 'frame--home')}>
      <StatusBanner />
      <div className="frame__side">
        <Sidebar
          route={route}
          isNewChatOpen={isNewChatOpen}
          setNewChatOpen={setNewChatOpen}
          onNewGroup={() => setNewGroupOpen(true)}
        />
      </div>
      <div ref={main} className="frame__main">
        <Screen route={route} onFind={() => setNewChatOpen(true)} />
      </div>
      <NewGroup open={isNewGroupOpen} onClose={() => setNewGroupOpen(false)} />
    </div>
  );
}

/** An address may name anything, also what is between two other people; that leads home. */
function useOwnRoute(): Route {
  const client = useClient();
  const route = useRoute();
  if (route.page !== 'conversation') return route;
  try {
    client.conversation(route.conv);
    return route;
  } catch {
    return { page: 'home' };
  }
}

function Screen({ route, onFind }: { readonly route: Route; readonly onFind: () => void }) {
  switch (route.page) {
    case 'home':
      return <Welcome onFind={onFind} />;
    case 'conversation':
      return <ConversationScreen conv={route.conv} hasDetails={route.details === true} />;
    case 'invite':
      return <InviteScreen key={`${route.gid} ${route.code}`} gid={route.gid} code={route.code} />;
    case 'people':
      return <PeopleScreen tab={route.tab} />;
    case 'person':
      return <PersonScreen key={route.uid} uid={route.uid} />;
    case 'settings':
      return route.section === 'devices' ? <DevicesScreen /> : <Settings />;
  }
}

function ConversationScreen({ conv, hasDetails }: { readonly conv: string; readonly hasDetails: boolean }) {
  const { uid, gid } = useConversation(conv);
  const onClose = () => go({ page: 'conversation', conv });
  return (
    <div className={classes('with-details', hasDetails && 'with-details--open')}>
      <div className="with-details__main">
        <ConversationView key={conv} conv={conv} />
      </div>
      {hasDetails && (
        <aside className="with-details__aside">
          {gid !== undefined && <GroupDetails key={gid} gid={gid} onClose={onClose} />}
          {uid !== undefined && <PersonDetails key={uid} uid={uid} onClose={onClose} />}
        </aside>
      )}
    </div>
  );
}
