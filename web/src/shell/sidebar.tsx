import { MessageCirclePlus, Search, UsersRound, X } from 'lucide-react';
import { type KeyboardEvent, useCallback, useMemo, useRef, useState } from 'react';
import type { ConversationEntry } from '../../../sdk/types.ts';
import { useClient, useMe, useSignal } from '../client.tsx';
import { useText } from '../i18n/index.ts';
import { usePeople } from '../people/provider.tsx';
import { go, type Route } from '../route.ts';
import { Button, IconButton, Spinner, TextField } from '../ui/index.ts';
import { AccountHeader } from './account-header.tsx';
import { ConversationList } from './conversation-list.tsx';
import { EmptyList } from './empty-list.tsx';
import { findConversations } from './find.ts';
import { FoundPeople } from './found-people.tsx';
import { NewChat } from './new-chat.tsx';
import { useArrows } from './use-arrows.ts';
import { useOpenTyped } from './use-open-typed.ts';
import { useShortcuts } from './use-shortcuts.ts';
import './sidebar.css';

interface SidebarProps {
  readonly route: Route;
  readonly isNewChatOpen: boolean;
  readonly setNewChatOpen: (open: boolean) => void;
  readonly onNewGroup: () => void;
}

/** The left column: who one is, finding, beginning, and the conversations. */
export function Sidebar({ route, isNewChatOpen, setNewChatOpen, onNewGroup }: SidebarProps) {
  const t = useText();
  const client = useClient();
  const area = useRef<HTMLElement>(null);
  const searchBox = useRef<HTMLInputElement>(null);
  const newChatButton = useRef<HTMLButtonElement>(null);
  const [query, setQuery] = useState('');
  const entries = useSignal(client.conversations);
  const isSynced = useSignal(client.isSynced);
  const find = useFind(entries);
  const found = useMemo(() => find(query), [find, query]);
  const isSearching = query.trim() !== '';
  useArrows(area);
  useShortcuts(searchBox);

  const openPerson = (uid: string) => {
    setQuery('');
    setNewChatOpen(false);
    go({ page: 'conversation', conv: client.conversation({ uid }).conv });
  };
  const closeNewChat = () => {
    setNewChatOpen(false);
    newChatButton.current?.focus();
  };
  const openTyped = useOpenTyped(openPerson);
  const openFirst = () => {
    const first = found[0];
    if (first === undefined) {
      void openTyped.run(query);
      return;
    }
    setQuery('');
    go({ page: 'conversation', conv: first.conv });
  };
  const onSearchKey = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Escape') {
      if (query === '') searchBox.current?.blur();
      setQuery('');
    }
    if (event.key === 'Enter' && isSearching) openFirst();
  };

  return (
    <nav ref={area} className="side" aria-label={t.shell.app}>
      <h1 className="side__title unseen">{t.shell.side.conversations}</h1>
      <AccountHeader />
      <div className="side__search">
        <TextField
          ref={searchBox}
          className="field__box--quiet"
          label={t.shell.side.search}
          hideLabel
          placeholder={t.shell.side.searchPlaceholder}
          leading={<Search size={18} />}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
          onKeyDown={onSearchKey}
          autoComplete="off"
          autoCapitalize="none"
          autoCorrect="off"
          spellCheck={false}
          enterKeyHint="go"
          data-row-start=""
          trailing={
            query === '' ? undefined : (
              <IconButton
                small
                label={t.shell.side.clear}
                icon={<X size={18} />}
                onClick={() => {
                  setQuery('');
                  searchBox.current?.focus();
                }}
              />
            )
          }
        />
      </div>
      <div className="side__begin">
        <Button
          ref={newChatButton}
          aria-expanded={isNewChatOpen}
          onClick={() => setNewChatOpen(!isNewChatOpen)}
        >
          <MessageCirclePlus size={18} aria-hidden="true" />
          {t.shell.side.newChat}
        </Button>
        <Button onClick={onNewGroup}>
          <UsersRound size={18} aria-hidden="true" />
          {t.shell.side.newGroup}
        </Button>
      </div>
      {isNewChatOpen && <NewChat onOpen={openPerson} onClose={closeNewChat} />}
      <ConversationList
        entries={found}
        current={route.page === 'conversation' ? route.conv : undefined}
        below={
          isSearching ? (
            <FoundPeople query={query} hasOthers={found.length > 0} onOpen={openPerson} />
          ) : entries.length > 0 ? undefined : isSynced ? (
            <EmptyList />
          ) : (
            <div className="side__loading">
              <Spinner />
            </div>
          )
        }
      />
    </nav>
  );
}

/** Finds conversations by what the user calls them. */
function useFind(entries: readonly ConversationEntry[]): (query: string) => readonly ConversationEntry[] {
  const notes = useText().chat.notes;
  const me = useMe();
  const remarks = useSignal(usePeople().remarks);
  return useCallback(
    (query) =>
      findConversations(entries, query, ({ uid = '' }) => (uid === me ? notes : (remarks.get(uid) ?? ''))),
    [entries, remarks, me, notes],
  );
}
