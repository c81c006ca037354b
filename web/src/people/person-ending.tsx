import { Ban, UserMinus } from 'lucide-react';
import { useState } from 'react';
import { useClient } from '../client.tsx';
import { useText } from '../i18n/index.ts';
import { Button, useToast } from '../ui/index.ts';
import { Confirm } from './confirm.tsx';
import { useFriend, useIsBlocked, usePeople } from './provider.tsx';
import { useUnblock } from './use-person-actions.ts';

/** Ends a friendship, blocks, unblocks. */
export function PersonEnding({ uid, name }: { readonly uid: string; readonly name: string }) {
  const t = useText().people;
  const client = useClient();
  const people = usePeople();
  const toast = useToast();
  const friend = useFriend(uid);
  const isBlocked = useIsBlocked(uid);
  const unblock = useUnblock(uid, name);
  const [asked, setAsked] = useState<'block' | 'remove' | undefined>(undefined);
  const close = () => setAsked(undefined);
  const block = async () => {
    await client.request('blocks.add', { uid });
    await people.blocks.refresh();
    // A request that they had pending is declined by it.
    void people.incoming.renew();
    toast(t.person.isBlocked(name));
  };
  const remove = async () => {
    await client.request('friends.remove', { uid });
    people.friends.change((friends) => friends.filter((one) => one.uid !== uid));
    toast(t.person.isRemoved(name));
  };
  return (
    <div className="person__ending person__part">
      {friend !== undefined && (
        <Button variant="danger" onClick={() => setAsked('remove')}>
          <UserMinus size={18} aria-hidden />
          {t.person.removeFriend}
        </Button>
      )}
      {isBlocked ? (
        <Button busy={unblock.isBusy} onClick={() => void unblock.run()}>
          {t.contacts.unblock}
        </Button>
      ) : (
        <Button variant="danger" onClick={() => setAsked('block')}>
          <Ban size={18} aria-hidden />
          {t.person.block}
        </Button>
      )}
      {asked === 'block' && (
        <Confirm
          title={t.person.blockName(name)}
          text={t.person.blockText}
          submit={t.person.block}
          isDanger
          work={block}
          onClose={close}
        />
      )}
      {asked === 'remove' && (
        <Confirm
          title={t.person.removeFriendName(name)}
          text={t.person.removeFriendText}
          submit={t.person.removeFriend}
          isDanger
          work={remove}
          onClose={close}
        />
      )}
    </div>
  );
}
