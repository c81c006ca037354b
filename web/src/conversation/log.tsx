import { MessagesSquare } from 'lucide-react';
import { type Ref, useCallback, useImperativeHandle, useMemo, useRef, useState } from 'react';
import { Virtualizer, type VirtualizerHandle } from 'virtua';
import { useSignal } from '../client.tsx';
import { errorText, useText } from '../i18n/index.ts';
import { EmptyState, Spinner, useToast } from '../ui/index.ts';
import { DownButton } from './down-button.tsx';
import { useHighlight } from './highlight.ts';
import { useLogKeys } from './log-keys.ts';
import { usePane } from './pane.tsx';
import { LogRow } from './row.tsx';
import { indexOfSeq, noRows, type Row, rowsOf } from './rows.ts';
import { useOlder } from './use-older.ts';
import { useReading } from './use-reading.ts';
import { type Place, useStick } from './use-stick.ts';
import './log.css';

export interface LogHandle {
  readonly toBottom: () => void;
  /** Shows the message of this seq, which may have to be loaded. */
  readonly jumpTo: (seq: number) => void;
}

/** A region that scrolls has to be reached by keyboard. */
const focusable = { tabIndex: 0 } as const;

/** The messages. However many there are, only those near the window are in the page. */
export function Log({ ref }: { readonly ref: Ref<LogHandle> }) {
  const t = useText();
  const toast = useToast();
  const { conversation, me } = usePane();
  const list = useSignal(conversation.messages);
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useRef<VirtualizerHandle>(null);
  const made = useRef(noRows());
  const { items } = list;
  const [place, setPlace] = useState<Place>('none');
  const { unreadAfter } = useReading(list, place === 'end');
  const rows = useMemo(() => {
    made.current = rowsOf(items, unreadAfter, me, made.current);
    return made.current.rows;
  }, [items, unreadAfter, me]);
  const firstUnread = useMemo(
    () => (unreadAfter === undefined ? -1 : rows.findIndex(({ isFirstUnread }) => isFirstUnread)),
    [rows, unreadAfter],
  );
  const stick = useStick(virtual, list, { me, place, onPlace: setPlace, firstUnread });
  const older = useOlder(list, virtual, place !== 'none');
  const [isJumping, setJumping] = useState(false);
  const [highlighted, highlight] = useHighlight();
  const keys = useLogKeys(rows, virtual, scroller);

  const jumpTo = useCallback(
    async (seq: number) => {
      setJumping(true);
      const isThere = await conversation.loadUpTo(seq).finally(() => setJumping(false));
      if (!isThere) return;
      const index = indexOfSeq(conversation.messages.value.items, seq);
      if (index < 0) return;
      stick.release();
      // The rows of what was just loaded are there after the next frame.
      requestAnimationFrame(() => {
        virtual.current?.scrollToIndex(index, { align: 'center' });
        highlight(conversation.messages.value.items[index]!.key);
        // It may have been in sight all the time.
        requestAnimationFrame(stick.onScroll);
      });
    },
    [conversation, highlight, stick.release, stick.onScroll],
  );
  useImperativeHandle(
    ref,
    () => ({
      toBottom: stick.toBottom,
      jumpTo: (seq) => void jumpTo(seq).catch((error: unknown) => toast(errorText(error, t), 'error')),
    }),
    [stick.toBottom, jumpTo, toast, t],
  );

  const onScroll = (offset: number): void => {
    stick.onScroll();
    older.onScroll(offset);
  };
  return (
    <div className="log-frame">
      <div
        ref={scroller}
        className="log"
        role="log"
        aria-label={t.chat.messages}
        // What scrolls into the page is no news.
        aria-live={place === 'above' ? 'off' : 'polite'}
        aria-busy={!list.isLoaded}
        {...focusable}
        {...keys.props}
      >
        <div className="log__space" />
        <Virtualizer
          ref={virtual}
          scrollRef={scroller}
          data={rows}
          shift={older.isPrepending}
          bufferSize={400}
          keepMounted={keys.keepMounted}
          onScroll={onScroll}
          onScrollEnd={stick.onScrollEnd}
          onResize={stick.onResize}
        >
          {(row: Row) => (
            <LogRow key={row.message.key} row={row} isHighlighted={row.message.key === highlighted} />
          )}
        </Virtualizer>
      </div>
      {items.length === 0 && <Nothing isLoaded={list.isLoaded} />}
      {(older.isLoading || isJumping) && (
        <div className="log-frame__older">
          <Spinner size={18} label={t.chat.loading} />
        </div>
      )}
      <DownButton isShown={place === 'above'} count={stick.missed} onClick={stick.toBottom} />
    </div>
  );
}

function Nothing({ isLoaded }: { readonly isLoaded: boolean }) {
  const t = useText();
  const { conversation, me, isReadOnly } = usePane();
  const text = conversation.uid === me ? t.chat.emptyNotes : t.chat.emptyText;
  return (
    <div className="log-frame__nothing">
      {isLoaded ? (
        <EmptyState icon={<MessagesSquare size={28} />} title={t.chat.empty} {...(!isReadOnly && { text })} />
      ) : (
        <Spinner label={t.chat.loading} />
      )}
    </div>
  );
}
