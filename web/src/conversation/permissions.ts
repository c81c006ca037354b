import type { Message } from '../../../sdk/types.ts';
import { isManager } from '../groups/permissions.ts';
import type { Pane } from './pane.tsx';
import { isEvent } from './rows.ts';

export type MessageAction = 'react' | 'reply' | 'copy' | 'edit' | 'pin' | 'forward' | 'readers' | 'recall';

/** The server's own, unless its operator chose another; it decides in the end. */
const changeWindowMs = 2 * 24 * 60 * 60_000;

/** What the user may do with a message, in the order of a menu. */
export function actionsOn(
  message: Message,
  { me, role, isReadOnly, conversation }: Pick<Pane, 'me' | 'role' | 'isReadOnly' | 'conversation'>,
  now: number,
): readonly MessageAction[] {
  const actions: MessageAction[] = [];
  const isText = message.type === 'text' && message.body !== undefined;
  if (isEvent(message) || message.recalled) return actions;
  const isStored = message.seq !== undefined;
  const canChange = isStored && !isReadOnly;
  const isOwn = message.from === me;
  const isFresh = now - message.ts < changeWindowMs;
  const isGroup = conversation.kind === 'group';
  if (canChange) actions.push('react', 'reply');
  if (isText) actions.push('copy');
  if (canChange && isOwn && isText && isFresh && message.forward === undefined) actions.push('edit');
  if (canChange && (!isGroup || isManager(role))) actions.push('pin');
  if (isStored) actions.push('forward');
  if (isStored && isGroup && isOwn) actions.push('readers');
  if (canChange && ((isOwn && isFresh) || (isGroup && isManager(role)))) actions.push('recall');
  return actions;
}
