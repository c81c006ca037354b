import { useClient } from '../client.tsx';
import { useText } from '../i18n/index.ts';
import { go } from '../route.ts';
import { useToast } from '../ui/index.ts';
import type { FriendRequest } from './people.ts';
import { usePeople } from './provider.tsx';
import { useToldAction } from './told.ts';

/** Opens the conversation with somebody. */
export function useTalk(uid: string): () => void {
  const client = useClient();
  return () => go({ page: 'conversation', conv: client.conversation({ uid }).conv });
}

/** Accepts and declines a request to the user; `name` is who asks. */
export function useAnswer(request: FriendRequest | undefined, name: string) {
  const client = useClient();
  const people = usePeople();
  const toast = useToast();
  const t = useText().people.contacts;
  const settle = async () => {
    await Promise.all([people.incoming.refresh(), people.friends.refresh()]);
  };
  const accept = useToldAction(async () => {
    if (request === undefined) return;
    try {
      await client.request('friends.accept', { id: request.id });
      toast(t.accepted(name), 'ok');
    } finally {
      // Also where it was answered on another device meanwhile.
      await settle();
    }
  });
  const decline = useToldAction(async () => {
    if (request === undefined) return;
    try {
      await client.request('friends.decline', { id: request.id });
      toast(t.declined);
    } finally {
      await settle();
    }
  });
  return { accept, decline };
}

/** Ends a block of the user's. */
export function useUnblock(uid: string, name: string) {
  const client = useClient();
  const people = usePeople();
  const toast = useToast();
  const t = useText().people.person;
  return useToldAction(async () => {
    await client.request('blocks.remove', { uid });
    people.blocks.change((blocks) => blocks.filter((block) => block.uid !== uid));
    toast(t.unblocked(name), 'ok');
  });
}
