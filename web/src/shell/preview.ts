import type { ConversationEntry, Message } from '../../../sdk/types.ts';
import { summaryOf } from '../conversation/summary.ts';
import type { Texts } from '../i18n/index.ts';

export interface Preview {
  readonly kind: 'draft' | 'message' | 'note';
  readonly text: string;
  /** Whose message, where it is to be said. */
  readonly from?: string;
}

/** The second line of a conversation in the list; undefined for an event, which has words of its own. */
export function previewOf(entry: ConversationEntry, me: string, t: Texts): Preview | undefined {
  if (entry.draft) return { kind: 'draft', text: entry.draft.slice(0, 200) };
  const { last } = entry;
  if (last === undefined) return { kind: 'note', text: t.shell.entry.nothing };
  if (last.recalled) return { kind: 'note', text: t.shell.entry.recalled };
  if (isEvent(last)) return undefined;
  const isSaid = entry.uid !== me && (last.from === me || entry.kind === 'group');
  return { kind: 'message', text: summaryOf(last, t), ...(isSaid && { from: last.from }) };
}

/** What the server wrote itself. */
export function isEvent({ type }: Message): boolean {
  return type === 'group' || type === 'member' || type === 'system';
}
