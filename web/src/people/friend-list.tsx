import { MessageCircle, UsersRound } from 'lucide-react';
import { type RefObject, useMemo } from 'react';
import { useName } from '../client.tsx';
import { useLanguage, useText } from '../i18n/index.ts';
import { EmptyState, IconButton } from '../ui/index.ts';
import { Answered } from './answered.tsx';
import type { Friend } from './people.ts';
import { PersonRow } from './person-row.tsx';
import { usePeople, useResource } from './provider.tsx';
import { Rows } from './rows.tsx';
import { useTalk } from './use-person-actions.ts';

/** Friends, in the order of what the user calls them. */
export function FriendList({ scroller }: { readonly scroller: RefObject<HTMLElement | null> }) {
  const t = useText().people.contacts;
  const language = useLanguage();
  const { friends } = usePeople();
  const loaded = useResource(friends);
  const sorted = useMemo(() => inOrder(loaded.value ?? [], language), [loaded.value, language]);
  return (
    <Answered resource={friends}>
      {sorted.length === 0 ? (
        <EmptyState icon={<UsersRound />} title={t.noFriends} text={t.noFriendsText} />
      ) : (
        <Rows label={t.friends} items={sorted} keyOf={uidOf} scroller={scroller}>
          {(friend) => <FriendRow friend={friend} />}
        </Rows>
      )}
    </Answered>
  );
}

function FriendRow({ friend }: { readonly friend: Friend }) {
  const t = useText().people.contacts;
  const known = useName(friend.uid);
  const name = friend.remark || friend.name || known;
  const talk = useTalk(friend.uid);
  return (
    <PersonRow
      uid={friend.uid}
      name={name}
      showsPresence
      actions={<IconButton label={t.messageTo(name)} icon={<MessageCircle size={20} />} onClick={talk} />}
    />
  );
}

const uidOf = ({ uid }: Friend): string => uid;

const calledOf = ({ remark, name, uid }: Friend): string => remark || name || uid;

function inOrder(friends: readonly Friend[], locale: string): readonly Friend[] {
  const { compare } = new Intl.Collator(locale, { sensitivity: 'base', numeric: true });
  return [...friends].sort((a, b) => compare(calledOf(a), calledOf(b)));
}
