import { chunked } from '../../chunks.ts';
import type { Database, SqlFlavor } from './dialect.ts';
import { wordsOf } from './words.ts';

const wordColumns = 3;

/** Writes the words that users are found by; there are none of theirs yet. */
export async function insertWords(
  tx: Database,
  { maxParameters }: SqlFlavor,
  users: readonly { readonly uid: string; readonly name?: string | null; readonly discoverable: boolean }[],
): Promise<void> {
  const rows = users.flatMap(({ uid, name, discoverable }) =>
    wordsOf(uid, name).map((word) => ({ uid, word, discoverable: discoverable ? 1 : 0 })),
  );
  for (const chunk of chunked(rows, Math.floor(maxParameters / wordColumns)))
    await tx.insertInto('user_words').values(chunk).execute();
}
