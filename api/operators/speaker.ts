import { PetrelError } from '../../schemas/errors.ts';
import { systemUid } from '../../schemas/identity.ts';
import type { Directory } from '../../store/directory.ts';

/** How an operator's message is sent: `system` may write anywhere, a user where they may themselves, at any rate. */
export const speakingFor = (from: string): { asSystem: true } | { unlimited: true } =>
  from === systemUid ? { asSystem: true } : { unlimited: true };

/** Rejects where an operator cannot speak for them: `user.not-found`, `auth.banned`. */
export async function requireSpeaker(
  directory: Pick<Directory, 'getUser'>,
  from: string,
  now: number,
): Promise<void> {
  if (from === systemUid) return;
  const user = await directory.getUser(from);
  if (user === undefined || user.removedAt !== undefined)
    throw new PetrelError('user.not-found', `There is no user ${from}.`);
  if (user.bannedUntil > now) throw new PetrelError('auth.banned', `${from} is banned.`);
}
