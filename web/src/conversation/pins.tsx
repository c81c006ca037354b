import { Pin, PinOff } from 'lucide-react';
import { useCallback, useEffect, useMemo, useState } from 'react';
import type { Operations } from '../../../sdk/operations.ts';
import { useClient, useSignal } from '../client.tsx';
import { isManager } from '../groups/permissions.ts';
import { useLanguage, useText } from '../i18n/index.ts';
import { Dialog, IconButton } from '../ui/index.ts';
import { useNameHere, usePane } from './pane.tsx';
import { summaryOf } from './summary.ts';
import { momentName } from './times.ts';
import './pins.css';

type PinnedMessage = Operations['pins']['output']['items'][number];

/** The message pinned last, below the head; the others behind a click. */
export function PinBar() {
  const t = useText();
  const { jumpTo } = usePane();
  const { pins, reload } = usePins();
  const [isOpen, setOpen] = useState(false);
  const [newest] = pins;
  if (newest === undefined) return null;
  const label = pins.length === 1 ? t.chat.pins.one : t.chat.pins.many(pins.length);
  return (
    <section className="pin-bar" aria-label={t.chat.pins.bar}>
      <button
        type="button"
        className="pin-bar__main"
        onClick={() => (pins.length === 1 ? jumpTo(newest.seq) : setOpen(true))}
      >
        <Pin size={16} aria-hidden="true" />
        <span className="pin-bar__words">
          <span className="pin-bar__label">{label}</span>
          <span className="pin-bar__text ellipsis">{summaryOf(asMessage(newest), t)}</span>
        </span>
      </button>
      {isOpen && <PinList pins={pins} onClose={() => setOpen(false)} onChange={reload} />}
    </section>
  );
}

function PinList({
  pins,
  onClose,
  onChange,
}: {
  readonly pins: readonly PinnedMessage[];
  readonly onClose: () => void;
  readonly onChange: () => void;
}) {
  const t = useText();
  const pane = usePane();
  const canUnpin = !pane.isReadOnly && (pane.conversation.kind === 'direct' || isManager(pane.role));
  return (
    <Dialog open title={t.chat.pins.title} onClose={onClose}>
      <ul className="pin-list" aria-label={t.chat.pins.list}>
        {pins.map((pin) => (
          <li key={pin.seq} className="pin-list__item">
            <button
              type="button"
              className="pin-list__main"
              onClick={() => {
                onClose();
                pane.jumpTo(pin.seq);
              }}
            >
              <PinWords pin={pin} />
            </button>
            {canUnpin && (
              <IconButton
                small
                label={t.chat.actions.unpin}
                icon={<PinOff size={18} />}
                onClick={() => {
                  const change = pane.conversation.pin(pin.seq, false);
                  pane.watch(change);
                  change.then(({ stored }) => stored).then(onChange, () => {});
                }}
              />
            )}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

function PinWords({ pin }: { readonly pin: PinnedMessage }) {
  const t = useText();
  const language = useLanguage();
  const name = useNameHere(pin.from);
  const by = useNameHere(pin.pinnedBy);
  return (
    <>
      <span className="pin-list__head">
        <span className="pin-list__name ellipsis">{name}</span>
        <span>{momentName(pin.ts, language, t)}</span>
      </span>
      <span className="pin-list__text">{summaryOf(asMessage(pin), t)}</span>
      <span className="pin-list__by">{t.chat.pins.by(by)}</span>
    </>
  );
}

const asMessage = ({ type, body }: PinnedMessage) => ({ type, ...(body !== undefined && { body }) });

/** The list is the server's; it is asked again when a loaded message was pinned or is no more. */
function usePins() {
  const client = useClient();
  const { conversation } = usePane();
  const { conv } = conversation;
  const { items, isLoaded } = useSignal(conversation.messages);
  const [pins, setPins] = useState<readonly PinnedMessage[]>([]);
  const [round, setRound] = useState(0);
  const pinned = useMemo(
    () =>
      items
        .filter((message) => message.pinned)
        .map(({ seq, edited }) => `${seq} ${edited ?? ''}`)
        .join(),
    [items],
  );
  const status = useSignal(client.status);
  const why = `${round} ${pinned} ${status === 'online'} ${isLoaded}`;
  useEffect(() => {
    if (why === '') return;
    let isOver = false;
    // Where it cannot be asked the bar stays as it is: it comes again with the connection.
    client.request('pins', { conv }).then(
      (page) => !isOver && setPins(page.items),
      () => {},
    );
    return () => {
      isOver = true;
    };
  }, [client, conv, why]);
  const reload = useCallback(() => setRound((n) => n + 1), []);
  return { pins, reload };
}
