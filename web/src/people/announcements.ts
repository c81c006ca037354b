import { useEffect } from 'react';
import { useClient } from '../client.tsx';
import { useText } from '../i18n/index.ts';
import { useToast } from '../ui/index.ts';
import type { People } from './people.ts';

/** Says in a word what others did: asked to be friends, accepted, asked to join, invited. Of what was said already nothing more is seen. */
export function useAnnouncements(people: People): void {
  const client = useClient();
  const toast = useToast();
  const t = useText().people;
  useEffect(() => {
    const nameOf = async (uid: string): Promise<string> => {
      const remark = people.remarks.value.get(uid);
      return remark ?? (await client.request('users.get', { uid }).catch(() => undefined))?.name ?? uid;
    };
    const say = async (uid: unknown, text: (name: string) => string): Promise<void> => {
      if (typeof uid === 'string') toast(text(await nameOf(uid)));
    };
    return client.on('notice', (notice) => {
      const { type, action, uid, by, did, name } = notice;
      const about = `${type} ${String(action)}`;
      if (about === 'friend request' && notice.direction === 'in') void say(uid, t.contacts.newRequest);
      if (about === 'friend accepted') void say(uid, t.contacts.accepted);
      if (about === 'group request') void say(uid, t.groups.requests.asks);
      if (about === 'group invited') void say(by, t.invite.byName);
      if (about === 'device signed-in') toast(t.devices.newDevice(String(name ?? did)));
    });
  }, [client, people, toast, t]);
}
