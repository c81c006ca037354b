import { PetrelError } from '../../schemas/errors.ts';
import { type Conv, parseConv, peerOf } from '../../schemas/event.ts';
import { systemUid } from '../../schemas/identity.ts';
import type { ConversationSettings, Directory } from '../../store/directory.ts';

/** A conversation that the asker may read, from `since` on. */
export interface Readable {
  readonly conv: Conv;
  /** The first seq they may see: after their joining, and after what they removed from their view. */
  readonly since: number;
  /** `n` before the first message that counts for them. */
  readonly sinceN: number;
  readonly settings: ConversationSettings | undefined;
}

/** Throws `conversation.not-found` for what is not there and for what is not the asker's to know. */
export async function requireReadable(
  directory: Pick<Directory, 'placeIn' | 'userExists' | 'settings'>,
  id: string,
  uid: string,
): Promise<Readable> {
  const conv = requirePart(id, uid);
  const [place, settings] = await Promise.all([
    conv.kind === 'group' ? directory.placeIn(conv.gid, uid) : placeWith(directory, peerOf(conv, uid)),
    directory.settings(uid, id),
  ]);
  if (place === undefined) throw new PetrelError('conversation.not-found');
  return { conv, settings, ...seenFrom(place, settings) };
}

/** Where one begins to see and to count, what one removed from one's view considered. */
export const seenFrom = (
  { since, sinceN }: { readonly since: number; readonly sinceN: number },
  settings: Pick<ConversationSettings, 'clearedSeq' | 'clearedN'> | undefined,
): { since: number; sinceN: number } => ({
  since: Math.max(since, (settings?.clearedSeq ?? 0) + 1),
  sinceN: Math.max(sinceN, settings?.clearedN ?? 0),
});

/** What was said with a user who was removed stays readable, and so does what the server itself said. */
async function placeWith(directory: Pick<Directory, 'userExists'>, peer: string) {
  const readable = peer === systemUid || (await directory.userExists(peer));
  return readable ? { since: 1, sinceN: 0 } : undefined;
}

/** A conversation id that is well formed and, where it names two users, names the asker. */
export function requirePart(id: string, uid: string): Conv {
  const conv = parseConv(id);
  if (conv === undefined || (conv.kind === 'direct' && conv.a !== uid && conv.b !== uid))
    throw new PetrelError('conversation.not-found');
  return conv;
}
