import { memo } from 'react';
import type { Message } from '../../../sdk/types.ts';
import { useText } from '../i18n/index.ts';
import { classes } from '../ui/index.ts';
import { listOf, useNamesHere } from './names.ts';
import { usePane } from './pane.tsx';

/** Who reacted how; a click takes part or takes it back. */
export const Reactions = memo(function Reactions({ message }: { readonly message: Message }) {
  const { reactions, reactionCounts = {}, recalled, seq } = message;
  if (reactions === undefined || recalled || seq === undefined) return null;
  const entries = Object.entries(reactions).filter(([, uids]) => uids.length > 0);
  if (entries.length === 0) return null;
  return (
    <div className="reactions">
      {entries.map(([emoji, uids]) => (
        <Chip key={emoji} seq={seq} emoji={emoji} uids={uids} count={reactionCounts[emoji] ?? uids.length} />
      ))}
    </div>
  );
});

const maxNames = 12;

function Chip({
  seq,
  emoji,
  uids,
  count,
}: {
  readonly seq: number;
  readonly emoji: string;
  readonly uids: readonly string[];
  readonly count: number;
}) {
  const t = useText();
  const { conversation, me, isReadOnly, watch } = usePane();
  const names = useNamesHere(uids.slice(0, maxNames));
  const isOn = uids.includes(me);
  const who = listOf(names, count - names.length, t.chat.events);
  return (
    <button
      type="button"
      className={classes('reactions__chip', isOn && 'reactions__chip--on')}
      aria-pressed={isOn}
      title={who}
      disabled={isReadOnly}
      onClick={() => watch(conversation.react(seq, emoji, !isOn))}
    >
      <span className="reactions__emoji">{emoji}</span>
      <span className="reactions__count">{count}</span>
      <span className="unseen">, {who}</span>
    </button>
  );
}
