import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { foldText, foldWithPlaces } from '../../policy/fold.ts';
import { WordFilter } from '../../policy/words.ts';

describe('the word filter', () => {
  const finds = (words: readonly string[], text: string) => new WordFilter(words).finds(text);
  const mask = (words: readonly string[], text: string) => new WordFilter(words).mask(text);

  it('finds nothing where it has no words', () => {
    for (const words of [[], [''], ['  '], ['\u200b']]) {
      assert.equal(new WordFilter(words).isEmpty, true);
      assert.equal(finds(words, 'any text'), false);
      assert.equal(mask(words, 'any text'), 'any text');
    }
  });

  it('finds whole words of alphabets, in any case', () => {
    for (const text of ['damn', 'Oh DAMN!', 'damn.', '“Damn”', 'oh,damn', 'damn\nit', '1 damn 2'])
      assert.equal(finds(['damn'], text), true, text);
    for (const text of ['damnation', 'goddamn', 'dam n', 'damn_it', 'damn2', 'dámn', ''])
      assert.equal(finds(['damn'], text), false, text);
    assert.equal(finds(['ДУРАК'], 'какой дурак!'), true);
    assert.equal(finds(['дурак'], 'дураки'), false);
    assert.equal(finds(['ΟΔΟΣ'], 'η οδος μας'), true);
    assert.equal(finds(['straße'], 'STRAẞE'), true);
    assert.equal(finds(['ılık'], 'ilik'), false);
  });

  it('finds words anywhere in scripts that do not separate them', () => {
    assert.equal(finds(['笨蛋'], '你这个笨蛋啊'), true);
    assert.equal(finds(['バカ'], 'あなたはﾊﾞｶです'), true);
    assert.equal(finds(['바보'], '너는바보야'), true);
    assert.equal(finds(['spam'], '这是spam吗'), true);
    assert.equal(finds(['spam'], '这是spammer吗'), false);
    assert.equal(finds(['傻x'], '你个傻X啊'), true);
    assert.equal(finds(['𠮷野'], '去𠮷野家'), true);
  });

  it('is not fooled by width, form and what cannot be seen', () => {
    assert.equal(finds(['damn'], 'ｄＡｍｎ'), true);
    assert.equal(finds(['damn'], '𝓭𝓪𝓶𝓷'), true);
    assert.equal(finds(['damn'], 'da\u200bm\u00adn'), true);
    assert.equal(finds(['idée'], 'IDE\u0301E'), true);
    assert.equal(finds(['fine'], 'ﬁne'), true);
    assert.equal(finds(['go away'], 'Go\u00a0away!'), true);
  });

  it('finds a short word behind a longer one that does not count', () => {
    assert.equal(finds(['ab cd', 'cd'], 'xab cd'), true);
    assert.equal(finds(['he', 'she', 'hers'], 'ushers'), false);
    assert.equal(finds(['笨', '大笨蛋'], '大笨'), true);
  });

  it('puts as many asterisks as the text has characters', () => {
    assert.equal(mask(['damn'], 'Damn, damned DAMN!'), '****, damned ****!');
    assert.equal(mask(['笨蛋', '蛋糕'], '笨蛋糕好'), '***好');
    assert.equal(mask(['damn'], 'x ｄa\u200bmn y'), 'x ***** y');
    assert.equal(mask(['fine'], 'so ﬁne!'), 'so ***!');
    assert.equal(mask(['𠮷野'], '去𠮷野家'), '去**家');
    assert.equal(mask(['a b', 'b c'], 'a b c'), '*****');
    assert.equal(mask(['damn'], 'nothing here'), 'nothing here');
  });

  it('looks for thousands of words as for one', () => {
    const words = Array.from({ length: 5000 }, (_, i) => `word${i}x`);
    const filter = new WordFilter([...words, '敏感词']);
    assert.equal(filter.finds(`${'lorem ipsum '.repeat(20_000)}word4999x`), true);
    assert.equal(filter.finds('word '.repeat(50_000)), false);
    assert.equal(filter.mask('一个敏感词 word7x'), '一个*** ******');
  });

  it('finds and masks what a plain search finds', () => {
    const letter = fc.constantFrom('a', 'b', 'A', ' ', '笨', '蛋', 'é', 'e\u0301', 'ｂ', '𠮷', '\u200b', '-');
    const word = fc.array(letter, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));
    const text = fc.array(letter, { maxLength: 30 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), text, (words, given) => {
        const filter = new WordFilter(words);
        assert.equal(filter.finds(given), plainly(words, foldText(given)));
        const masked = filter.mask(given);
        assert.equal([...masked].length, [...given].length);
        assert.equal(masked === given, !filter.finds(given));
      }),
    );
  });
});

/** Whether one of the words stands in the folded text, word by word and place by place. */
function plainly(words: readonly string[], folded: string): boolean {
  const characters = [...folded];
  const isLetter = (character: string | undefined) => character !== undefined && /[a-zé]/u.test(character);
  return words.some((word) => {
    const wanted = [...foldText(word).trim()];
    if (wanted.length === 0) return false;
    return characters.some((_, at) => {
      const end = at + wanted.length;
      const cuts = (place: number) => isLetter(characters[place - 1]) && isLetter(characters[place]);
      return wanted.every((one, i) => characters[at + i] === one) && !cuts(at) && !cuts(end);
    });
  });
}

describe('folding', () => {
  it('is the same piece by piece, and in the whole', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
        const { folded, starts, ends } = foldWithPlaces(text);
        assert.equal(folded, foldText(text));
        assert.deepEqual([starts.length, ends.length], [folded.length, folded.length]);
      }),
      { numRuns: 300 },
    );
  });

  it('takes case forms for one letter, as a regular expression with the flags iu does', () => {
    for (let code = 0x80; code < 0x1_0000; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const character = String.fromCharCode(code);
      const folded = foldText(character);
      if ([...folded].length !== 1 || folded === character || character.normalize('NFKC') !== character)
        continue;
      assert.match(folded, new RegExp(`^\\u{${code.toString(16)}}$`, 'iu'));
    }
  });
});
