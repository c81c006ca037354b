import { useEffect, useState } from 'react';
import type { Message } from '../../../sdk/types.ts';
import { useClient, useProfile } from '../client.tsx';
import { useText } from '../i18n/index.ts';
import { Avatar, Button, Dialog, Spinner } from '../ui/index.ts';
import { useNameHere } from './pane.tsx';
import './readers.css';

interface Receipts {
  readonly read: readonly string[];
  readonly delivered: readonly string[];
  readonly counts: { readonly members: number; readonly delivered: number; readonly read: number };
  readonly next?: string | undefined;
}

/** Who has read a message of one's own, and who has it. */
export function ReadersDialog({
  message,
  onClose,
}: {
  readonly message: Message;
  readonly onClose: () => void;
}) {
  const t = useText();
  const { receipts, isFailed, more } = useReceipts(message.conv, message.seq);
  const waiting = receipts?.delivered.filter((uid) => !receipts.read.includes(uid)) ?? [];
  return (
    <Dialog open title={t.chat.readers.title} onClose={onClose}>
      {receipts === undefined && !isFailed && <Spinner />}
      {isFailed && <p role="alert">{t.chat.readers.failed}</p>}
      {receipts !== undefined && (
        <>
          <Readers
            title={t.chat.readers.read}
            count={t.chat.readers.of(receipts.counts.read, receipts.counts.members)}
            uids={receipts.read}
            none={t.chat.readers.none}
          />
          {waiting.length > 0 && (
            <Readers
              title={t.chat.readers.delivered}
              count={String(receipts.counts.delivered - receipts.counts.read)}
              uids={waiting}
            />
          )}
          {receipts.next !== undefined && <Button onClick={more}>{t.chat.readers.more}</Button>}
        </>
      )}
    </Dialog>
  );
}

function Readers({
  title,
  count,
  uids,
  none,
}: {
  readonly title: string;
  readonly count: string;
  readonly uids: readonly string[];
  readonly none?: string;
}) {
  return (
    <section className="readers">
      <h3 className="readers__title">
        {title} <span className="readers__count">{count}</span>
      </h3>
      {uids.length === 0 && none !== undefined && <p className="readers__none">{none}</p>}
      <ul className="readers__list">
        {uids.map((uid) => (
          <Reader key={uid} uid={uid} />
        ))}
      </ul>
    </section>
  );
}

function Reader({ uid }: { readonly uid: string }) {
  const name = useNameHere(uid);
  const profile = useProfile(uid);
  return (
    <li className="readers__person">
      <Avatar uid={uid} name={name} src={profile?.avatar} size={32} />
      <span className="ellipsis">{name}</span>
    </li>
  );
}

function useReceipts(conv: string, seq: number | undefined) {
  const client = useClient();
  const [receipts, setReceipts] = useState<Receipts | undefined>(undefined);
  const [isFailed, setFailed] = useState(false);
  const [cursor, setCursor] = useState<string | undefined>(undefined);
  useEffect(() => {
    if (seq === undefined) return;
    let isOver = false;
    client.request('receipts', { conv, seq, ...(cursor !== undefined && { cursor }) }).then(
      (page) => {
        if (isOver) return;
        setReceipts((before) =>
          before === undefined || cursor === undefined
            ? page
            : {
                ...page,
                counts: before.counts,
                read: [...before.read, ...page.read],
                delivered: [...before.delivered, ...page.delivered],
              },
        );
      },
      () => !isOver && setFailed(true),
    );
    return () => {
      isOver = true;
    };
  }, [client, conv, seq, cursor]);
  return { receipts, isFailed, more: () => setCursor(receipts?.next) };
}
