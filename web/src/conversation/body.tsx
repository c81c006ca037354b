import { type ReactNode, useCallback, useMemo, useRef, useState } from 'react';
import type { Conversation, Message } from '../../../sdk/types.ts';
import { useMe } from '../client.tsx';
import type { Member, Role } from '../groups/permissions.ts';
import { errorText, useText } from '../i18n/index.ts';
import { useToast } from '../ui/index.ts';
import { Composer, type ComposerMode } from './composer.tsx';
import { ForwardDialog } from './forward.tsx';
import { Header } from './header.tsx';
import { Log, type LogHandle } from './log.tsx';
import { type Pane, PaneContext } from './pane.tsx';
import { PinBar } from './pins.tsx';
import { ReadersDialog } from './readers.tsx';
import { RecallDialog } from './recall.tsx';
import { MessageSheet } from './sheet.tsx';

/** Why one cannot write here. */
export interface Reason {
  readonly text: string;
  readonly action?: ReactNode;
}

type Open = { readonly what: 'recall' | 'forward' | 'readers' | 'sheet'; readonly message: Message };

export function Body({
  conversation,
  title,
  avatar,
  subtitle,
  ownRole: role,
  nicks,
  members,
  reason,
}: {
  readonly conversation: Conversation;
  readonly title: string;
  readonly avatar: string | undefined;
  readonly subtitle: ReactNode;
  readonly ownRole: Role | undefined;
  readonly nicks: ReadonlyMap<string, string>;
  readonly members: readonly Member[];
  readonly reason: Reason | undefined;
}) {
  const me = useMe();
  const t = useText();
  const toast = useToast();
  const log = useRef<LogHandle>(null);
  const [mode, setMode] = useState<ComposerMode>({ kind: 'write' });
  const [open, setOpen] = useState<Open | undefined>(undefined);
  const close = useCallback(() => setOpen(undefined), []);
  const watch = useCallback(
    (change: Promise<{ readonly stored: Promise<unknown> }>) => {
      change.then(({ stored }) => stored).catch((error: unknown) => toast(errorText(error, t), 'error'));
    },
    [toast, t],
  );
  const isReadOnly = reason !== undefined;
  const pane: Pane = useMemo(
    () => ({
      conversation,
      me,
      role,
      nicks,
      isReadOnly,
      reply: (message) => setMode({ kind: 'reply', message }),
      edit: (message) => setMode({ kind: 'edit', message }),
      recall: (message) => setOpen({ what: 'recall', message }),
      forward: (message) => setOpen({ what: 'forward', message }),
      showReaders: (message) => setOpen({ what: 'readers', message }),
      showSheet: (message) => setOpen({ what: 'sheet', message }),
      jumpTo: (seq) => log.current?.jumpTo(seq),
      watch,
    }),
    [conversation, me, role, nicks, isReadOnly, watch],
  );
  return (
    <PaneContext value={pane}>
      <main className="conversation">
        <Header title={title} avatar={avatar} subtitle={subtitle} />
        <PinBar />
        <Log ref={log} />
        <Composer
          mode={mode}
          onMode={setMode}
          members={members}
          reason={reason}
          onSend={() => log.current?.toBottom()}
        />
      </main>
      {open?.what === 'recall' && <RecallDialog message={open.message} onClose={close} />}
      {open?.what === 'forward' && <ForwardDialog message={open.message} onClose={close} />}
      {open?.what === 'readers' && <ReadersDialog message={open.message} onClose={close} />}
      {open?.what === 'sheet' && <MessageSheet message={open.message} onClose={close} />}
    </PaneContext>
  );
}
