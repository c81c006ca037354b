import { useState } from 'react';
import { useName } from '../client.tsx';
import { useLanguage, useText } from '../i18n/index.ts';
import { Dialog } from '../ui/index.ts';
import { Content } from './content.tsx';
import { summaryOf } from './summary.ts';
import { momentName } from './times.ts';

interface Item {
  readonly from: string;
  readonly ts: number;
  readonly type: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const shownLines = 3;

/** Several messages that were forwarded as one: a few lines of them, and all in a dialog. */
export function MergedHistory({ body }: { readonly body: Readonly<Record<string, unknown>> }) {
  const t = useText();
  const [isOpen, setOpen] = useState(false);
  const items = itemsOf(body.items);
  const title = typeof body.title === 'string' ? body.title : t.chat.history;
  return (
    <>
      <button type="button" className="merged" onClick={() => setOpen(true)}>
        <span className="merged__title">{title}</span>
        {items.slice(0, shownLines).map((item) => (
          <Line key={`${item.from} ${item.ts}`} item={item} />
        ))}
        <span className="merged__count">{t.chat.historyCount(items.length)}</span>
      </button>
      <Dialog open={isOpen} title={title} onClose={() => setOpen(false)}>
        <ul className="merged-list">
          {keyed(items).map(({ item, key }) => (
            <Whole key={key} item={item} />
          ))}
        </ul>
      </Dialog>
    </>
  );
}

const keyed = (items: readonly Item[]) => items.map((item, index) => ({ item, key: index }));

function Line({ item }: { readonly item: Item }) {
  const t = useText();
  const name = useName(item.from);
  return (
    <span className="merged__line ellipsis">
      {name}: {summaryOf(item, t)}
    </span>
  );
}

function Whole({ item }: { readonly item: Item }) {
  const t = useText();
  const language = useLanguage();
  const name = useName(item.from);
  return (
    <li className="merged-list__item">
      <p className="merged-list__head">
        <span className="merged-list__name ellipsis">{name}</span>
        <span>{momentName(item.ts, language, t)}</span>
      </p>
      <Content message={item} />
    </li>
  );
}

function itemsOf(value: unknown): readonly Item[] {
  if (!Array.isArray(value)) return [];
  return value.filter(
    (item): item is Item =>
      typeof item?.from === 'string' &&
      typeof item.ts === 'number' &&
      typeof item.type === 'string' &&
      typeof item.body === 'object' &&
      item.body !== null,
  );
}
