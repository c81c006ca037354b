import { chunked } from '../../chunks.ts';
import type { Database, SqlFlavor } from './dialect.ts';

/** Revokes the user's sign-ins, all but one where given, in a transaction; answers the sids that held until now. */
export async function revokeFamilies(
  tx: Database,
  flavor: SqlFlavor,
  uid: string,
  keepSid: string | undefined,
  at: number,
): Promise<string[]> {
  let select = tx.selectFrom('families').select('sid').where('uid', '=', uid).where('revoked_at', '=', 0);
  if (keepSid !== undefined) select = select.where('sid', '!=', keepSid);
  const sids = (await select.execute()).map((row) => row.sid);
  for (const chunk of chunked(sids, flavor.maxParameters - 1))
    await tx.updateTable('families').set({ revoked_at: at }).where('sid', 'in', chunk).execute();
  return sids;
}
