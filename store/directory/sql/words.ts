/** Characters of a word that are kept and compared; the column's width. */
const maxWord = 64;
/** A name is found from each of its first words on, not more. */
const maxWords = 64;

/** Written without spaces between words: every character may begin one. */
const unspaced = /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}\p{scx=Bopo}]/u;
const lettery = /[\p{L}\p{N}\p{M}]/u;

/** Text as it is compared in searches: without case, width and superfluous spaces; empty where nothing is left. */
export const searchable = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/\p{Cs}/gu, '\ufffd')
    .trim()
    .replace(/\s+/gu, ' ');

/** The beginning of a text, as long as words are kept; without a space at its end, which databases compare differently. */
const cut = (characters: readonly string[]): string => characters.slice(0, maxWord).join('').trimEnd();

/** What is looked for, in the form words have. */
export const soughtWord = (text: string): string => cut([...searchable(text)]);

/**
 * The texts by whose beginning a user is found: the uid, and the rest of the name from each word on; in scripts without
 * spaces from each character on, so that any run of them is the beginning of one.
 */
export function wordsOf(uid: string, name: string | null | undefined): string[] {
  const words = new Set([uid]);
  const characters = [...searchable(name ?? '')];
  for (let i = 0, begun = 0; i < characters.length && begun < maxWords; i++) {
    const [before, character] = [characters[i - 1], characters[i]!];
    const begins =
      before === undefined ||
      unspaced.test(character) ||
      (lettery.test(character) ? !lettery.test(before) || unspaced.test(before) : before === ' ');
    if (!begins || character === ' ') continue;
    words.add(cut(characters.slice(i, i + maxWord)));
    begun++;
  }
  return [...words];
}
