const ignorable = /\p{Default_Ignorable_Code_Point}+/gu;
const onlyAscii = /^[\0-\x7f]*$/;

/** Characters that make one with the one before them: marks, and the halfwidth voicing marks of kana. */
const joining = /[\p{M}\p{Default_Ignorable_Code_Point}\uff9e\uff9f]/u;
/** Letters of Hangul syllables, which make one with each other. */
const jamo = /[\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\ud7b0-\ud7fb\uffa0-\uffdc]/;

const kind = { unknown: 0, apart: 1, joins: 2, jamo: 3 } as const;
/** What is known of code units, and their foldings: computed once for each of the 65,536. */
const kinds = new Uint8Array(0x10000);
const units = new Map<string, string>();
const pieces = new Map<string, string>();

const single = (mapped: string, otherwise: string): string =>
  mapped.length === otherwise.length ? mapped : otherwise;

/** Unicode's simple case folding of one character: the one that all its case forms share. */
function foldCharacter(character: string): string {
  // The dotless i is a letter of its own, though it shares its capital with i.
  if (character === 'ı') return character;
  const upper = single(character.toUpperCase(), character);
  return single(upper.toLowerCase(), upper);
}

/** The text without case, without differences of width and form (NFKC), and without characters that cannot be seen. */
export function foldText(text: string): string {
  if (onlyAscii.test(text)) return text.toLowerCase();
  let folded = '';
  for (const character of text.replace(ignorable, '').normalize('NFKC')) {
    folded += character.length === 1 ? foldUnit(character) : foldCharacter(character);
  }
  return folded.normalize('NFKC');
}

function foldUnit(unit: string): string {
  let folded = units.get(unit);
  if (folded === undefined) {
    folded = foldCharacter(unit);
    units.set(unit, folded);
  }
  return folded;
}

/** A folded text, and where each of its code units stands in the text itself. */
export interface FoldedText {
  readonly folded: string;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** Folds a text piece by piece, so that what is found in it can be found in the text itself. */
export function foldWithPlaces(text: string): FoldedText {
  let folded = '';
  const starts: number[] = [];
  const ends: number[] = [];
  for (let start = 0; start < text.length; ) {
    const end = pieceEnd(text, start);
    const part = foldPiece(text.slice(start, end));
    folded += part;
    for (let i = 0; i < part.length; i++) {
      starts.push(start);
      ends.push(end);
    }
    start = end;
  }
  return { folded, starts, ends };
}

function foldPiece(piece: string): string {
  if (piece.length > 1) return foldText(piece);
  let folded = pieces.get(piece);
  if (folded === undefined) {
    folded = foldText(piece);
    pieces.set(piece, folded);
  }
  return folded;
}

/** Where the piece ends that begins here and folds alike, whatever stands beside it. */
function pieceEnd(text: string, start: number): number {
  const first = kindAt(text, start);
  let end = start + lengthAt(text, start);
  for (; end < text.length; end += lengthAt(text, end)) {
    const next = kindAt(text, end);
    if (next !== kind.joins && !(first === kind.jamo && next === kind.jamo)) break;
  }
  return end;
}

const lengthAt = (text: string, place: number): number => (text.codePointAt(place)! > 0xffff ? 2 : 1);

function kindAt(text: string, place: number): number {
  const code = text.codePointAt(place)!;
  if (code > 0xffff) return joining.test(String.fromCodePoint(code)) ? kind.joins : kind.apart;
  const known = kinds[code]!;
  if (known !== kind.unknown) return known;
  const character = String.fromCharCode(code);
  // Halfwidth Hangul has a filler that cannot be seen: it stays among its letters.
  const found = jamo.test(character) ? kind.jamo : joining.test(character) ? kind.joins : kind.apart;
  kinds[code] = found;
  return found;
}
