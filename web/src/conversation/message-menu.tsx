import { CheckCheck, Copy, Forward, Pencil, Pin, PinOff, Reply, Undo2 } from 'lucide-react';
import { useCallback } from 'react';
import type { Message } from '../../../sdk/types.ts';
import { copyText } from '../copy.ts';
import { useText } from '../i18n/index.ts';
import { type MenuItem, useToast } from '../ui/index.ts';
import { usePane } from './pane.tsx';
import { actionsOn, type MessageAction } from './permissions.ts';

/** What can be done with a message besides reacting, as a menu shows it. Made when it is to be shown. */
export function useMessageMenu(message: Message): () => readonly MenuItem[] {
  const t = useText();
  const toast = useToast();
  const pane = usePane();
  return useCallback(() => {
    const say = t.chat.actions;
    const { seq, pinned, body } = message;
    const copy = async (): Promise<void> => {
      const done = await copyText(String(body?.text ?? ''));
      toast(done ? say.copied : say.copyFailed, done ? 'ok' : 'error');
    };
    const pin = (): void => {
      if (seq !== undefined) pane.watch(pane.conversation.pin(seq, !pinned));
    };
    const items: Readonly<Record<Exclude<MessageAction, 'react'>, MenuItem>> = {
      reply: { label: say.reply, icon: <Reply />, onSelect: () => pane.reply(message) },
      copy: { label: say.copy, icon: <Copy />, onSelect: () => void copy() },
      edit: { label: say.edit, icon: <Pencil />, onSelect: () => pane.edit(message) },
      pin: { label: pinned ? say.unpin : say.pin, icon: pinned ? <PinOff /> : <Pin />, onSelect: pin },
      forward: { label: say.forward, icon: <Forward />, onSelect: () => pane.forward(message) },
      readers: { label: say.readers, icon: <CheckCheck />, onSelect: () => pane.showReaders(message) },
      recall: { label: say.recall, icon: <Undo2 />, danger: true, onSelect: () => pane.recall(message) },
    };
    return actionsOn(message, pane, Date.now()).flatMap((action) =>
      action === 'react' ? [] : [items[action]],
    );
  }, [message, pane, t, toast]);
}
