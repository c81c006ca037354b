import type { Accepted } from '../connect/accepted.ts';
import type { Connection } from '../connection.ts';
import { storedForm } from '../hub/hub.ts';
import { delayOf, schedule } from './will.ts';

/** What the end of a connection leaves: a session that lives on, a will that fires. */
export function endSession(
  connection: Connection,
  accepted: Accepted,
  withWill: boolean,
  received: readonly number[],
): void {
  const { context } = connection;
  const { registry, hub, custom, presence, sessions, sightings, log } = context;
  const { key, session, expirySeconds, will } = accepted;
  const watches = presence.subscriptionsOf(session);
  presence.leave(session);
  hub.detach(session);
  custom.detach(accepted.custom);
  registry.unbind(key, connection);
  sightings.left(session);
  const left = registry.inTurn(key, async () => {
    // A connection that took the session over has read, or will read, what is stored here.
    if (expirySeconds === 0) {
      await custom.forget(key);
      if (session.stored !== undefined) await sessions.remove(session.user.uid, session.clientId);
      return;
    }
    const subscriptions = [...watches, ...custom.subscriptionsOf(key)];
    await sessions.put(storedForm(session, subscriptions, expirySeconds, context.now(), received));
  });
  left.catch((error: unknown) => log.error({ err: error, conn: connection.id }, 'A session was not stored.'));
  if (will === undefined) return;
  if (withWill) schedule(context, key, accepted.identity, will, delayOf(will, expirySeconds));
  else custom.dropWill(key);
}
