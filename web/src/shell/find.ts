import type { ConversationEntry } from '../../../sdk/types.ts';

/** Those whose name or user name has each word somewhere; those that begin with it first, else in their order. */
export function findConversations(
  entries: readonly ConversationEntry[],
  query: string,
  ownName: (entry: ConversationEntry) => string,
): readonly ConversationEntry[] {
  const words = foldText(query).split(/\s+/).filter(Boolean);
  if (words.length === 0) return entries;
  const starting: ConversationEntry[] = [];
  const others: ConversationEntry[] = [];
  for (const entry of entries) {
    const names = [ownName(entry), entry.name ?? '', entry.uid ?? ''].map(foldText);
    const has = (word: string) => names.some((name) => name.includes(word));
    if (!words.every(has)) continue;
    const isStart = names.some((name) => name.startsWith(words[0]!));
    (isStart ? starting : others).push(entry);
  }
  return [...starting, ...others];
}

/** Without case, width and marks: `Ａdèle` is `adele`. */
export function foldText(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}
