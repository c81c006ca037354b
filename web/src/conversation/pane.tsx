import { createContext, useContext } from 'react';
import type { Conversation, Message } from '../../../sdk/types.ts';
import { useName } from '../client.tsx';
import type { Role } from '../groups/permissions.ts';

/** What the parts of a conversation share. It changes rarely: every message sees it. */
export interface Pane {
  readonly conversation: Conversation;
  readonly me: string;
  /** The user's own in a group. */
  readonly role: Role | undefined;
  /** What members are called in this group, by uid. */
  readonly nicks: ReadonlyMap<string, string>;
  /** Whether one cannot write here now. */
  readonly isReadOnly: boolean;
  readonly reply: (message: Message) => void;
  readonly edit: (message: Message) => void;
  readonly recall: (message: Message) => void;
  readonly forward: (message: Message) => void;
  readonly showReaders: (message: Message) => void;
  /** All that can be done with a message, where there is no pointer to show it beside. */
  readonly showSheet: (message: Message) => void;
  readonly jumpTo: (seq: number) => void;
  /** Waits for the server's word on a change, and says it where it is no. */
  readonly watch: (change: Promise<{ readonly stored: Promise<unknown> }>) => void;
}

export const PaneContext = createContext<Pane | undefined>(undefined);

export function usePane(): Pane {
  const pane = useContext(PaneContext);
  if (pane === undefined) throw new Error('PaneContext is missing');
  return pane;
}

/** What to call a user in this conversation. */
export function useNameHere(uid: string): string {
  const name = useName(uid);
  const { nicks } = usePane();
  return nicks.get(uid) ?? name;
}
