const tones = 8;

/** One of eight colours, the same for the same id. */
export function avatarTone(id: string): number {
  let hash = 1;
  for (const character of id) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return ((hash ^ (hash >>> 12)) >>> 0) % tones;
}

/** One or two characters that stand for a name. */
export function initialsOf(name: string): string {
  const words = name
    .trim()
    .split(/[\s._-]+/u)
    .filter(Boolean);
  const first = firstCharacter(words[0]);
  // Han, kana and Hangul: one character says enough, two would not fit.
  if (/[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/u.test(first)) return first;
  const last = words.length > 1 ? firstCharacter(words.at(-1)) : '';
  return (first + last).toUpperCase() || '?';
}

function firstCharacter(word: string | undefined): string {
  return [...(word ?? '')][0] ?? '';
}
