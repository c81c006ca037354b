import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { load } from './load.ts';

interface Piece {
  readonly kind: string;
  readonly text: string;
  readonly href?: string;
  readonly uid?: string;
  readonly open?: string;
  readonly close?: string;
}

const { piecesOf, httpUrl, isEmojiAlone, mentionsIn, mentionAt } = await load<{
  piecesOf: (text: string, mentions?: readonly string[]) => Piece[];
  httpUrl: (value: unknown) => string | undefined;
  isEmojiAlone: (text: string) => boolean;
  mentionsIn: (text: string, isKnown: (uid: string) => boolean) => string[];
  mentionAt: (text: string, caret: number) => { start: number; query: string } | undefined;
}>('text.ts');

const kinds = (text: string, mentions?: readonly string[]): string[] =>
  piecesOf(text, mentions).map((piece) => `${piece.kind} ${piece.text}`);

/** What makes the parts of a message meet each other in odd ways. */
const shards = fc
  .array(
    fc.constantFrom(
      ...['https://', 'http://a.b/', 'www.x.y', 'javascript:', '@bob', '@bob.', '@all', '`', '```', '\n'],
      ...[' ', '(', ')', '。', '"', '<', '😀', 'data:', 'a', '.', '@evil.example', '\u202e'],
    ),
    { maxLength: 24 },
  )
  .map((parts) => parts.join(''));

describe('the pieces of a text', () => {
  it('are the whole text again', () => {
    fc.assert(
      fc.property(fc.oneof(shards, fc.string({ unit: 'binary' })), (text) => {
        const pieces = piecesOf(text, ['bob', '@all']);
        assert.equal(pieces.map(({ open = '', text, close = '' }) => open + text + close).join(''), text);
      }),
    );
  });

  it('lead to http and https, never with a user name in the address, and say where to', () => {
    fc.assert(
      fc.property(shards, (text) => {
        for (const piece of piecesOf(text)) {
          if (piece.kind !== 'link') continue;
          const { protocol, username, password } = new URL(piece.href!);
          assert.match(protocol, /^https?:$/);
          assert.equal(username + password, '');
        }
      }),
    );
  });

  it('leave what belongs to the sentence out of a link', () => {
    assert.deepEqual(kinds('see https://example.com/a_(b), or not.'), [
      'text see ',
      'link https://example.com/a_(b)',
      'text , or not.',
    ]);
    assert.deepEqual(kinds('(www.example.com)'), ['text (', 'link www.example.com', 'text )']);
    assert.deepEqual(kinds('链接：https://example.com/会议，谢谢'), [
      'text 链接：',
      'link https://example.com/会议',
      'text ，谢谢',
    ]);
  });

  it('are no links where they are no addresses of the web', () => {
    for (const text of [
      'javascript:alert(1)',
      'data:text/html,x',
      'https://bank.example@evil.example',
      'https://',
    ])
      assert.deepEqual(kinds(text), [`text ${text}`]);
    assert.equal(httpUrl('file:///etc/passwd'), undefined);
    assert.equal(httpUrl(7), undefined);
  });

  it('name those who are mentioned, and nobody else', () => {
    assert.deepEqual(kinds('@bob. and @eve', ['bob']), ['mention @bob', 'text . and @eve']);
    assert.deepEqual(kinds('@bob.', ['bob.', 'bob']), ['mention @bob.']);
    assert.deepEqual(kinds('@bobby', ['bob']), ['text @bobby']);
    assert.deepEqual(kinds('@all: hi', ['@all']), ['mention @all', 'text : hi']);
  });

  it('take nothing in code for anything else', () => {
    assert.deepEqual(kinds('use `https://a.b` or\n```ts\n@bob\n```\nok', ['bob']), [
      'text use ',
      'code https://a.b',
      'text  or',
      'block @bob',
      'text ok',
    ]);
  });
});

describe('what is written', () => {
  it('is shown large where it is a few emoji and nothing else', () => {
    for (const text of ['👍', '😂😂 😂', '🇨🇳', '👩🏽‍💻', '❤️']) assert.ok(isEmojiAlone(text), text);
    for (const text of ['', '1', '#', '👍 ok', '😂'.repeat(7), ' ']) assert.ok(!isEmojiAlone(text), text);
  });

  it('mentions whom it names, once, as long as they are known', () => {
    const known = new Set(['bob', 'cyd.x', 'all']);
    assert.deepEqual(
      mentionsIn('@bob, @cyd.x. @bob @eve @all', (uid) => known.has(uid)),
      ['bob', 'cyd.x', 'all'],
    );
  });

  it('asks for names behind an @ that begins a word', () => {
    assert.deepEqual(mentionAt('hi @bo', 6), { start: 3, query: 'bo' });
    assert.deepEqual(mentionAt('好，@王', 4), { start: 2, query: '王' });
    assert.equal(mentionAt('a@b.example', 11), undefined);
    assert.equal(mentionAt('@bob done', 9), undefined);
  });
});
