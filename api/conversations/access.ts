import { PetrelError } from '../../schemas/errors.ts';
import { type Conv, parseConv } from '../../schemas/event.ts';
import type { DirectoryFacts } from '../../store/directory.ts';

/** A conversation that the asker may read, from `since` on. */
export interface Readable {
  readonly conv: Conv;
  /** The first seq they may see. */
  readonly since: number;
}

/** Throws `conversation.not-found` for what is not there and for what is not the asker's to know. */
export async function requireReadable(
  directory: Pick<DirectoryFacts, 'groupFacts' | 'userExists'>,
  id: string,
  uid: string,
): Promise<Readable> {
  const conv = requirePart(id, uid);
  if (conv.kind === 'group') {
    const { member } = await directory.groupFacts(conv.gid, uid);
    if (member === undefined) throw new PetrelError('conversation.not-found');
    return { conv, since: member.since };
  }
  const peer = conv.a === uid ? conv.b : conv.a;
  if (!(await directory.userExists(peer))) throw new PetrelError('conversation.not-found');
  return { conv, since: 1 };
}

/** A conversation id that is well formed and, where it names two users, names the asker. */
export function requirePart(id: string, uid: string): Conv {
  const conv = parseConv(id);
  if (conv === undefined || (conv.kind === 'direct' && conv.a !== uid && conv.b !== uid))
    throw new PetrelError('conversation.not-found');
  return conv;
}
