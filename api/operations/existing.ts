import { anonymousUid } from '../../schemas/identity.ts';
import type { Directory } from '../../store/directory.ts';

/** The first of the uids that is no user; undefined where all are. */
export async function missingUser(
  directory: Pick<Directory, 'existing'>,
  uids: readonly string[],
): Promise<string | undefined> {
  if (uids.length === 0) return undefined;
  const existing = await directory.existing(uids);
  return uids.find((uid) => uid === anonymousUid || !existing.has(uid));
}
