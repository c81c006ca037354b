import type { StoredSubscription } from '../../store/sessions.ts';
import { reasons } from '../gate/fault.ts';
import type { Opening } from './opening.ts';

/** Takes the subscriptions of a stored session up again, and marks what it has missed. */
export async function resume({ connection, resumed, accepted }: Opening): Promise<void> {
  if (resumed === undefined) return;
  const { hub, custom, presence, log } = connection.context;
  const { session, custom: client } = accepted!;
  const customs: StoredSubscription[] = [];
  const watches: StoredSubscription[] = [];
  for (const subscription of resumed.subscriptions) {
    const { filter, qos, identifier } = subscription;
    if (/^[ung]\//.test(filter)) {
      const wish = { qos: qos === 0 ? 0 : 1, ...(identifier === undefined ? {} : { identifier }) } as const;
      session.wishes.set(filter, wish);
    } else if (filter.startsWith('presence/')) watches.push(subscription);
    else customs.push(subscription);
  }
  try {
    for (const watch of watches) {
      const uid = watch.filter.slice('presence/'.length);
      (await presence.watch(session, uid, watch, true))?.();
    }
    await Promise.all([hub.resume(session), custom.resume(client, customs)]);
  } catch (error) {
    // The client has its CONNACK: it comes again, and nothing is lost.
    log.error({ err: error, conn: connection.id }, 'A session could not be resumed.');
    connection.end(reasons.serverUnavailable, 'The session cannot be resumed now.');
  }
}
