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
    const [exact, first] = await Promise.all([
      isUid(uid) ? client.request('users.get', { uid }).catch(ifUnknown) : undefined,
      client.request('users.search', { q, limit: 1 }).then(({ items }) => items[0]),
    ]);
    const found = exact === undefined || exact.removed === true ? first : exact;
    if (found === undefined) throw new ClientError(unknownUser, 'There is no such user.');
    onOpen(found.uid);
  });
}

const unknownUser = 'user.not-found';

function ifUnknown(error: unknown): undefined {
  if (error instanceof ClientError && error.code === unknownUser) return undefined;
  throw error;
}
