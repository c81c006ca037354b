import { anonymousUid } from '../../schemas/identity.ts';
import type { Directory } from '../../store/directory.ts';

/** Asked for at once: what else wants the directory or the processor waits no longer than for these. */
const chunk = 500;

/** The first of the uids that is no user; undefined where all are. */
export async function missingUser(
  directory: Pick<Directory, 'existing'>,
  uids: readonly string[],
): Promise<string | undefined> {
  for (let from = 0; from < uids.length; from += chunk) {
    const some = uids.slice(from, from + chunk);
    const existing = await directory.existing(some);
    const missing = some.find((uid) => uid === anonymousUid || !existing.has(uid));
    if (missing !== undefined) return missing;
  }
  return undefined;
}
