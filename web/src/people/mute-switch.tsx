import { useState } from 'react';
import type { Conversation } from '../../../sdk/types.ts';
import { useSignal } from '../client.tsx';
import { Switch } from '../ui/index.ts';
import { useToldAction } from './told.ts';

/** Mutes a conversation: shown as asked for at once, and taken back where it failed. */
export function MuteSwitch({
  conversation,
  label,
  hint,
}: {
  readonly conversation: Conversation;
  readonly label: string;
  readonly hint: string;
}) {
  const entry = useSignal(conversation.entry);
  const [wanted, setWanted] = useState<boolean | undefined>(undefined);
  const { run } = useToldAction(async (muted: boolean) => {
    setWanted(muted);
    try {
      await conversation.update({ muted });
    } finally {
      setWanted(undefined);
    }
  });
  return (
    <Switch
      label={label}
      hint={hint}
      checked={wanted ?? entry?.muted ?? false}
      onChange={(checked) => void run(checked)}
    />
  );
}
