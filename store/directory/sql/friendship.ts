import { PetrelError } from '../../../schemas/errors.ts';
import type { Database } from './dialect.ts';

async function countFriends(tx: Database, uid: string): Promise<number> {
  const { count } = await tx
    .selectFrom('friends')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('uid', '=', uid)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Writes both rows. Throws `friend.full` where either has as many friends as one may have. */
export async function befriend(
  tx: Database,
  one: string,
  other: string,
  at: number,
  maxFriends: number,
): Promise<void> {
  for (const uid of [one, other])
    if ((await countFriends(tx, uid)) >= maxFriends) throw new PetrelError('friend.full');
  await tx
    .insertInto('friends')
    .values([
      { uid: one, friend: other, since: at },
      { uid: other, friend: one, since: at },
    ])
    .execute();
}

/** Removes both rows; false where there were none. */
export async function unfriend(tx: Database, one: string, other: string): Promise<boolean> {
  // In one order for both, so that the two who remove each other do not wait for each other.
  const pair = one < other ? ([one, other] as const) : ([other, one] as const);
  let removed = 0n;
  for (const [uid, friend] of [pair, [pair[1], pair[0]] as const]) {
    const { numDeletedRows } = await tx
      .deleteFrom('friends')
      .where('uid', '=', uid)
      .where('friend', '=', friend)
      .executeTakeFirstOrThrow();
    removed += numDeletedRows;
  }
  return removed > 0n;
}
