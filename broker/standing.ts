import type { BrokerContext } from './context.ts';
import { reasons } from './gate/fault.ts';

/** Who has lost the way in. */
export interface Ended {
  /** Sign-ins. */
  readonly sids: ReadonlySet<string>;
  readonly banned: readonly string[];
  readonly removed: readonly string[];
}

/** Ends the connections of this node that are left of those: the messages that should have ended them were lost. */
export function endThose(
  { hub, registry }: Pick<BrokerContext, 'hub' | 'registry'>,
  { sids, banned, removed }: Ended,
): void {
  const endAll = (uids: readonly string[], reason: number): void => {
    for (const uid of uids)
      for (const session of [...hub.sessionsOf(uid)]) session.link.end(reason, 'Ended by the server.');
  };
  endAll(banned, reasons.notAuthorized);
  endAll(removed, reasons.administrativeAction);
  if (sids.size === 0) return;
  for (const connection of [...registry.connections()]) {
    if (connection.sid !== undefined && sids.has(connection.sid))
      connection.end(reasons.administrativeAction, 'Ended by the server.');
  }
}
