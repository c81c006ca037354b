import { foldText, foldWithPlaces } from './fold.ts';

/** Characters that words of alphabets are made of; `_` holds them together as letters do. */
const wordCharacter = /[\p{L}\p{N}\p{M}_]/u;
/** Scripts that put no spaces between words, or hang endings on them: a word is found anywhere in them. */
const unspaced =
  /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}\p{scx=Bopomofo}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}\p{sc=Tibetan}]/u;

/** One state of the automaton: a beginning of some words. */
interface State {
  readonly next: Map<number, number>;
  /** The state of the longest other beginning that what was read so far ends with. */
  fail: number;
  /** Length of the word that ends here; 0 where none does. */
  length: number;
  /** The next state along `fail` where a word ends; 0 where there is none. */
  shorter: number;
}

const emptyState = (): State => ({ next: new Map(), fail: 0, length: 0, shorter: 0 });

/** Told of a word's place in the folded text; answers whether to look no further. */
type Found = (start: number, end: number) => boolean;

/**
 * Words that are looked for in texts, thousands of them at the cost of one: an automaton of Aho and Corasick, built once.
 *
 * Case, width and invisible characters make no difference. In scripts that separate words a word is found only as a whole
 * word, in those that do not (Chinese, Japanese, Korean, Thai) anywhere.
 */
export class WordFilter {
  readonly #states: State[] = [emptyState()];
  /** The first step by code unit, which nearly all texts never go beyond. */
  readonly #first = new Int32Array(0x10000);
  /** By code unit: 0 not known yet, 1 part of a separated word, 2 not. */
  readonly #kinds = new Uint8Array(0x10000);

  constructor(words: readonly string[]) {
    for (const word of words) this.#add(foldText(word).trim());
    this.#link();
  }

  get isEmpty(): boolean {
    return this.#states.length === 1;
  }

  /** Whether the text has one of the words. */
  finds(text: string): boolean {
    let found = false;
    this.#search(foldText(text), () => {
      found = true;
      return true;
    });
    return found;
  }

  /** The text with asterisks in place of each character of the words. */
  mask(text: string): string {
    if (!this.finds(text)) return text;
    const { folded, starts, ends } = foldWithPlaces(text);
    const ranges: { start: number; end: number }[] = [];
    this.#search(folded, (start, end) => {
      const range = { start: starts[start]!, end: ends[end - 1]! };
      // Words come in the order of their ends; those that touch are one.
      while (ranges.length > 0 && ranges.at(-1)!.end >= range.start)
        range.start = Math.min(range.start, ranges.pop()!.start);
      ranges.push(range);
      return false;
    });
    // Found in the whole, but not in its pieces: nothing of it can be told apart.
    if (ranges.length === 0) return asterisks(text);
    let masked = '';
    let at = 0;
    for (const { start, end } of ranges) {
      masked += text.slice(at, start) + asterisks(text.slice(start, end));
      at = end;
    }
    return masked + text.slice(at);
  }

  #add(word: string): void {
    let state = 0;
    for (let i = 0; i < word.length; i++) {
      const unit = word.charCodeAt(i);
      let next = this.#states[state]!.next.get(unit);
      if (next === undefined) {
        next = this.#states.push(emptyState()) - 1;
        this.#states[state]!.next.set(unit, next);
      }
      state = next;
    }
    this.#states[state]!.length = word.length;
  }

  /** Breadth first, so that shorter beginnings are linked before the longer ones that need them. */
  #link(): void {
    const states = this.#states;
    const queue: number[] = [];
    for (const [unit, next] of states[0]!.next) {
      this.#first[unit] = next;
      queue.push(next);
    }
    for (const at of queue) {
      for (const [unit, next] of states[at]!.next) {
        queue.push(next);
        const state = states[next]!;
        state.fail = this.#step(states[at]!.fail, unit);
        const fallen = states[state.fail]!;
        state.shorter = fallen.length > 0 ? state.fail : fallen.shorter;
      }
    }
  }

  #step(from: number, unit: number): number {
    let state = from;
    while (state !== 0) {
      const next = this.#states[state]!.next.get(unit);
      if (next !== undefined) return next;
      state = this.#states[state]!.fail;
    }
    return this.#first[unit]!;
  }

  #search(folded: string, found: Found): void {
    if (this.isEmpty) return;
    let state = 0;
    for (let i = 0; i < folded.length; i++) {
      const unit = folded.charCodeAt(i);
      state = state === 0 ? this.#first[unit]! : this.#step(state, unit);
      if (state === 0) continue;
      const end = i + 1;
      for (let at = state; at !== 0; at = this.#states[at]!.shorter) {
        const { length } = this.#states[at]!;
        if (length === 0 || this.#cuts(folded, end - length) || this.#cuts(folded, end)) continue;
        if (found(end - length, end)) return;
        // Shorter words with the same end are part of this one.
        break;
      }
    }
  }

  /** Whether this place is inside a word of a script that separates words. */
  #cuts(folded: string, place: number): boolean {
    if (place <= 0 || place >= folded.length) return false;
    return this.#isLetterAt(folded, place) && this.#isLetterAt(folded, place - 1);
  }

  #isLetterAt(text: string, place: number): boolean {
    const unit = text.charCodeAt(place);
    // Half of a character beyond the first plane: the half at `place` tells where the other one is.
    if (unit >= 0xd800 && unit <= 0xdfff) {
      const start = unit >= 0xdc00 ? place - 1 : place;
      return isLetter(String.fromCodePoint(text.codePointAt(Math.max(0, start))!));
    }
    let kind = this.#kinds[unit]!;
    if (kind === 0) {
      kind = isLetter(String.fromCharCode(unit)) ? 1 : 2;
      this.#kinds[unit] = kind;
    }
    return kind === 1;
  }
}

const isLetter = (character: string): boolean => wordCharacter.test(character) && !unspaced.test(character);

const asterisks = (text: string): string => '*'.repeat([...text].length);
