/** A piece of what somebody wrote. `open` and `close` are the marks around code. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code' | 'block'; readonly text: string; readonly open: string; readonly close: string }
  | { readonly kind: 'link'; readonly text: string; readonly href: string }
  | { readonly kind: 'mention'; readonly text: string; readonly uid: string };

const fence = /(\n?```(?:[\w+#.-]*\n)?)([\s\S]+?)(\n?```\n?)/g;
const inlineCode = /(`)([^`\n]+)(`)/g;
/** What may be a link or a mention; ends at spaces, quotes, and the punctuation of Chinese and Japanese. */
const candidate =
  /\b(?:https?:\/\/|www\.)[^\s<>"'`\u3000-\u303f\uff00-\uff65\u2018-\u201f]+|@(?:[a-z0-9][a-z0-9_.-]{0,63})/gi;

/** Takes a text apart. Put together, texts and marks are the whole text again. */
export function piecesOf(text: string, mentions: readonly string[] = []): Piece[] {
  const named = new Set(mentions);
  return splitBy(text, fence, 'block', (part) =>
    splitBy(part, inlineCode, 'code', (rest) => wordsOf(rest, named)),
  );
}

function splitBy(
  text: string,
  mark: RegExp,
  kind: 'code' | 'block',
  rest: (part: string) => Piece[],
): Piece[] {
  if (!text.includes('`')) return rest(text);
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(mark)) {
    if (match.index > from) pieces.push(...rest(text.slice(from, match.index)));
    pieces.push({ kind, open: match[1]!, text: match[2]!, close: match[3]! });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push(...rest(text.slice(from)));
  return pieces;
}

function wordsOf(text: string, named: ReadonlySet<string>): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(candidate)) {
    const piece = match[0].startsWith('@') ? mentionOf(match[0], named) : linkOf(match[0]);
    if (piece === undefined) continue;
    if (match.index > from) pieces.push({ kind: 'text', text: text.slice(from, match.index) });
    pieces.push(piece);
    from = match.index + piece.text.length;
  }
  if (from < text.length) pieces.push({ kind: 'text', text: text.slice(from) });
  return pieces;
}

/** A uid may end with a dot, and so may a sentence: the longest that is named counts. */
function mentionOf(word: string, named: ReadonlySet<string>): Piece | undefined {
  for (let end = word.length; end > 1; end--) {
    const text = word.slice(0, end);
    if (text === '@all' && named.has('@all')) return { kind: 'mention', text, uid: '@all' };
    if (named.has(text.slice(1))) return { kind: 'mention', text, uid: text.slice(1) };
    if (!/[._-]$/.test(text)) return undefined;
  }
  return undefined;
}

function linkOf(word: string): Piece | undefined {
  const text = withoutEnd(word);
  const href = httpUrl(/^www\./i.test(text) ? `https://${text}` : text);
  return href === undefined ? undefined : { kind: 'link', text, href };
}

/** The address without what belongs to the sentence around it. */
function withoutEnd(word: string): string {
  let text = word;
  for (;;) {
    const last = text.at(-1)!;
    if (/[.,;:!?*~]/.test(last)) text = text.slice(0, -1);
    else if (')]}'.includes(last) && isUnopened(text, last)) text = text.slice(0, -1);
    else return text;
  }
}

function isUnopened(text: string, closing: string): boolean {
  const opening = { ')': '(', ']': '[', '}': '{' }[closing]!;
  return text.split(closing).length > text.split(opening).length;
}

/** The address where it is one of http or https; one with a user name in it, which hides where it leads, is none. */
export function httpUrl(value: unknown): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) return undefined;
  const { protocol, username, password, href } = new URL(value);
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === ''
    ? href
    : undefined;
}

const emojiAlone =
  /^(?=.*[\p{Extended_Pictographic}\p{RI}])(?:\p{Extended_Pictographic}|\p{EMod}|\p{RI}|\u200d|\ufe0f|\u20e3|\s)+$/u;
const maxLargeEmoji = 6;

/** Whether a text is a few emoji and nothing else. */
export function isEmojiAlone(text: string): boolean {
  if (text.length > 80 || !emojiAlone.test(text)) return false;
  return graphemes(text.replace(/\s/g, '')) <= maxLargeEmoji;
}

export function graphemes(text: string): number {
  let n = 0;
  for (const _ of new Intl.Segmenter().segment(text)) n++;
  return n;
}

export const byteLength = (text: string): number => new TextEncoder().encode(text).length;

const mentionCandidate = /@([a-z0-9][a-z0-9_.-]{0,63})/g;
const maxMentions = 100;

/** Those whom a text names with `@`, each once. */
export function mentionsIn(text: string, isKnown: (uid: string) => boolean): string[] {
  const found = new Set<string>();
  for (const [, word] of text.matchAll(mentionCandidate)) {
    for (let uid = word!; uid !== ''; uid = uid.slice(0, -1)) {
      if (isKnown(uid)) found.add(uid);
      if (isKnown(uid) || !/[._-]$/.test(uid)) break;
    }
  }
  return [...found].slice(0, maxMentions);
}

/** The beginning of a name behind an `@`, where the caret is in one. */
export function mentionAt(
  text: string,
  caret: number,
): { readonly start: number; readonly query: string } | undefined {
  const match = /(?:^|[\s\p{P}])@([^\s@]{0,40})$/u.exec(text.slice(Math.max(0, caret - 64), caret));
  if (match === null) return undefined;
  const query = match[1]!;
  return { start: caret - query.length - 1, query };
}
