import { NotTheOwner } from '../../store/owners.ts';
import type { Accepted } from '../connect/accepted.ts';
import type { Connection } from '../connection.ts';
import { storedForm } from '../hub/hub.ts';
import { delayOf, schedule } from './will.ts';

function unlessTaken(error: unknown): void {
  if (!(error instanceof NotTheOwner)) throw error;
}

/** What the end of a connection leaves: a session that lives on, a will that fires. */
export function endSession(
  connection: Connection,
  accepted: Accepted,
  withWill: boolean,
  received: readonly number[],
): void {
  const { context } = connection;
  const { registry, hub, custom, presence, sessions, owners, unfinished, sightings } = context;
  const { key, session, expirySeconds, will } = accepted;
  const watches = presence.subscriptionsOf(session);
  presence.leave(session);
  hub.detach(session);
  custom.detach(accepted.custom);
  registry.unbind(key, connection);
  context.online?.remove({ uid: session.user.uid, clientId: session.clientId });
  sightings.left(session);
  const at = context.now();
  const store = async (): Promise<void> => {
    if (expirySeconds === 0) {
      // Another node may have it by now, where this one was not heard from.
      if (!(await owners.holds(key))) return;
      await custom.forget(key);
      if (session.stored !== undefined) await sessions.remove(session.user.uid, session.clientId);
      return;
    }
    const subscriptions = [...watches, ...custom.subscriptionsOf(key)];
    await sessions.put(storedForm(session, subscriptions, expirySeconds, at, received));
  };
  // A connection that takes the session over, here or elsewhere, reads what is stored here.
  registry.leaving(key, () =>
    unfinished.run(key, async () => {
      await store().catch(unlessTaken);
      await custom.settled(key);
      await owners.release(key);
    }),
  );
  if (will === undefined) return;
  if (withWill) schedule(context, key, accepted.identity, will, delayOf(will, expirySeconds));
  else custom.dropWill(key);
}
