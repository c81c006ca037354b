import {
  type CSSProperties,
  createContext,
  type ReactNode,
  type Ref,
  useCallback,
  useContext,
  useRef,
  useState,
} from 'react';
import { Virtualizer } from 'virtua';
import type { ConversationEntry } from '../../../sdk/types.ts';
import { useText } from '../i18n/index.ts';
import { ConversationRow } from './conversation-row.tsx';
import { RemoveConversation } from './remove-conversation.tsx';
import { useToday } from './use-today.ts';

/** Beyond so many only those on the screen are in the page. */
const maxPlain = 60;

interface ListProps {
  readonly entries: readonly ConversationEntry[];
  readonly current: string | undefined;
  /** Above the list, and scrolling with it. */
  readonly children?: ReactNode;
  readonly below?: ReactNode;
}

export function ConversationList({ entries, current, children, below }: ListProps) {
  const today = useToday();
  const scroller = useRef<HTMLDivElement>(null);
  const [removing, setRemoving] = useState<string | undefined>(undefined);
  const onRemove = useCallback((conv: string) => setRemoving(conv), []);
  const row = (entry: ConversationEntry) => (
    <ConversationRow
      key={entry.conv}
      entry={entry}
      isCurrent={entry.conv === current}
      today={today}
      onRemove={onRemove}
    />
  );
  return (
    <div ref={scroller} className="side__scroller">
      {children}
      <CountContext value={entries.length}>
        {entries.length > maxPlain ? (
          <Virtualizer scrollRef={scroller} as={List} item={Item} data={entries}>
            {row}
          </Virtualizer>
        ) : (
          <List>
            {entries.map((entry, index) => (
              <Item key={entry.conv} index={index}>
                {row(entry)}
              </Item>
            ))}
          </List>
        )}
      </CountContext>
      {below}
      <RemoveConversation conv={removing} onClose={() => setRemoving(undefined)} />
    </div>
  );
}

const CountContext = createContext(0);

interface PartProps {
  readonly style?: CSSProperties;
  readonly children: ReactNode;
  readonly ref?: Ref<never>;
}

function List({ style, children, ref }: PartProps) {
  const t = useText();
  return (
    <ul ref={ref} style={style} aria-label={t.shell.side.conversations}>
      {children}
    </ul>
  );
}

function Item({ style, index, children, ref }: PartProps & { readonly index: number }) {
  return (
    <li ref={ref} style={style} aria-setsize={useContext(CountContext)} aria-posinset={index + 1}>
      {children}
    </li>
  );
}
