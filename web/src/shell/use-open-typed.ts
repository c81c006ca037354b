import { ClientError } from '../../../sdk/errors.ts';
import { type ActionState, useAction, useClient } from '../client.tsx';
import { isUid, normalizeUid } from './credentials.ts';

/** Opens the chat with exactly this user, also one whom no search finds; else with the first who is found. */
export function useOpenTyped(onOpen: (uid: string) => void): ActionState<[typed: string]> {
  const client = useClient();
  return useAction(async (typed: string) => {
    const q = typed.trim().replace(/^@/, '');
    if (q === '') return;
    const uid = normalizeUid(q);
    const { items } = await client.request('users.search', { q, limit: 1 });
    // Who has exactly this user name comes first.
    if (items[0] !== undefined) return onOpen(items[0].uid);
    if (!isUid(uid)) throw unknownUser();
    const { removed } = await client.request('users.get', { uid });
    if (removed === true) throw unknownUser();
    onOpen(uid);
  });
}

const unknownUser = () => new ClientError('user.not-found', 'There is no such user.');
