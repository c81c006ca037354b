import { Search, X } from 'lucide-react';
import { type RefObject, useRef, useState } from 'react';
import { useText } from '../i18n/index.ts';
import { hrefOf, type PeopleTab } from '../route.ts';
import { Badge, IconButton, PaneHeader, TextField } from '../ui/index.ts';
import { BlockList } from './block-list.tsx';
import { FindPeople } from './find-people.tsx';
import { FriendList } from './friend-list.tsx';
import { usePendingCount } from './provider.tsx';
import { RequestList } from './request-list.tsx';
import './people-screen.css';

/** Friends, requests for friendship, blocked users; and a search for anybody. */
export function PeopleScreen({ tab }: { readonly tab?: PeopleTab | undefined }) {
  const t = useText().people;
  const [query, setQuery] = useState('');
  const scroller = useRef<HTMLDivElement>(null);
  return (
    <main className="people-screen" aria-label={t.contacts.title}>
      <PaneHeader title={t.contacts.title} back={{ page: 'home' }} />
      <div className="people-screen__scroller" ref={scroller}>
        <div className="people-screen__column">
          <TextField
            label={t.contacts.find}
            hideLabel
            placeholder={t.contacts.find}
            value={query}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            leading={<Search size={18} />}
            trailing={
              query !== '' && (
                <IconButton
                  small
                  label={t.contacts.clear}
                  icon={<X size={18} />}
                  onClick={() => setQuery('')}
                />
              )
            }
            onChange={(event) => setQuery(event.target.value)}
            onKeyDown={(event) => event.key === 'Escape' && setQuery('')}
          />
          {query.trim() === '' ? <Tab tab={tab} scroller={scroller} /> : <FindPeople query={query} />}
        </div>
      </div>
    </main>
  );
}

function Tab({
  tab,
  scroller,
}: {
  readonly tab: PeopleTab | undefined;
  readonly scroller: RefObject<HTMLElement | null>;
}) {
  const t = useText().people.contacts;
  const pending = usePendingCount();
  return (
    <>
      <nav className="people-tabs" aria-label={t.title}>
        <TabLink to={undefined} current={tab}>
          {t.friends}
        </TabLink>
        <TabLink to="requests" current={tab}>
          {t.requests}
          <Badge count={pending} label={t.pending(pending)} />
        </TabLink>
        <TabLink to="blocked" current={tab}>
          {t.blockedShort}
        </TabLink>
      </nav>
      {tab === undefined && <FriendList scroller={scroller} />}
      {tab === 'requests' && <RequestList />}
      {tab === 'blocked' && <BlockList scroller={scroller} />}
    </>
  );
}

function TabLink({
  to,
  current,
  children,
}: {
  readonly to: PeopleTab | undefined;
  readonly current: PeopleTab | undefined;
  readonly children: React.ReactNode;
}) {
  return (
    <a
      className="people-tabs__tab"
      href={hrefOf({ page: 'people', ...(to !== undefined && { tab: to }) })}
      aria-current={to === current ? 'page' : undefined}
    >
      {children}
    </a>
  );
}
