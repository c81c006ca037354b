import { memo, useMemo, useState } from 'react';
import { useText } from '../i18n/index.ts';
import { parseRoute } from '../route.ts';
import { useNameHere, usePane } from './pane.tsx';
import { isEmojiAlone, type Piece, piecesOf } from './text.ts';

const longTextLength = 2400;

/** What somebody wrote. It never becomes HTML: links, mentions and code are elements made here. */
export const Words = memo(function Words({
  text,
  mentions,
}: {
  readonly text: string;
  readonly mentions?: readonly string[] | undefined;
}) {
  const t = useText();
  const [isWhole, setWhole] = useState(false);
  const isCut = !isWhole && text.length > longTextLength;
  const shown = isCut ? `${text.slice(0, longTextLength)}…` : text;
  const pieces = useMemo(() => piecesOf(shown, mentions), [shown, mentions]);
  return (
    <>
      <span className={isEmojiAlone(text) ? 'words words--emoji' : 'words'} dir="auto">
        {keyed(pieces).map(({ piece, key }) => (
          <PieceOf key={key} piece={piece} />
        ))}
      </span>
      {isCut && (
        <button type="button" className="words__more" onClick={() => setWhole(true)}>
          {t.chat.showMore}
        </button>
      )}
    </>
  );
});

/** A piece is known by where it begins. */
function keyed(pieces: readonly Piece[]) {
  let at = 0;
  return pieces.map((piece) => {
    const key = at;
    at += piece.text.length + 1;
    return { piece, key };
  });
}

function PieceOf({ piece }: { readonly piece: Piece }) {
  switch (piece.kind) {
    case 'link':
      return <Link piece={piece} />;
    case 'mention':
      return <Mention uid={piece.uid} />;
    case 'code':
    case 'block':
      return <Code piece={piece} />;
    default:
      return piece.text;
  }
}

/** An invitation to a group of this server is opened here, all else in a tab of its own. */
function Link({ piece: { href, text } }: { readonly piece: Extract<Piece, { kind: 'link' }> }) {
  const { origin, pathname, hash } = new URL(href);
  const isHere = origin === location.origin && pathname === '/' && parseRoute(hash).page === 'invite';
  const elsewhere = { target: '_blank', rel: 'noopener noreferrer nofollow' };
  return (
    <a className="words__link" href={isHere ? hash : href} {...(!isHere && elsewhere)}>
      {text}
    </a>
  );
}

/** Its marks stay in the page, unseen: the text is what was written. */
function Code({ piece }: { readonly piece: Extract<Piece, { kind: 'code' | 'block' }> }) {
  const isBlock = piece.kind === 'block';
  const mark = isBlock ? 'words__fence' : 'words__mark';
  return (
    <>
      <span className={mark}>{piece.open}</span>
      <code className={isBlock ? 'words__block' : 'words__code'} dir={isBlock ? 'ltr' : undefined}>
        {piece.text}
      </code>
      <span className={mark}>{piece.close}</span>
    </>
  );
}

function Mention({ uid }: { readonly uid: string }) {
  const t = useText();
  const { me } = usePane();
  const name = useNameHere(uid === '@all' ? me : uid);
  const isOwn = uid === me || uid === '@all';
  return (
    <span className={isOwn ? 'words__mention words__mention--own' : 'words__mention'} title={uid}>
      @{uid === '@all' ? t.chat.everyone : name}
    </span>
  );
}
