import { filterTopic } from '../schemas/topics.ts';
import type { SessionStore, StoredSession, StoredSubscription } from '../store/sessions.ts';
import type { Accepted } from './connect/accepted.ts';
import type { BrokerContext } from './context.ts';
import type { CustomTopics } from './custom/custom.ts';
import type { WillContext } from './inbound/send-will.ts';
import { dropLeftWill, settleWill } from './inbound/will.ts';

const expireAtOnce = 1000;
const lookedAtOnce = 200;

/** Stored sessions have their custom topics again; messages for sessions that are gone go. */
export async function restoreCustom(custom: CustomTopics, sessions: SessionStore): Promise<void> {
  const subscribed = new Set<string>();
  for (const { uid, clientId, subscriptions } of await sessions.subscribers()) {
    const key = `${uid}/${clientId}`;
    subscribed.add(key);
    const scopes = new Set(subscriptions.flatMap((one) => one.scopes ?? []));
    custom.restore(key, { uid, scopes }, subscriptions.filter(isCustom));
  }
  for (const key of custom.sessions()) {
    if (subscribed.has(key)) continue;
    if ((await storedOf(sessions, key)) === undefined) await custom.forget(key);
  }
}

const isCustom = ({ filter }: StoredSubscription): boolean => filterTopic(filter).kind === 'custom';

type Holding = Pick<BrokerContext, 'registry' | 'owners' | 'unfinished'>;

/**
 * Does the work in turn while this node has the session, for a connection (which the work is told) or for itself. A
 * connection of another node ends; where a newer one comes meanwhile the session is that one's.
 */
async function withSession(
  { registry, owners, unfinished }: Holding,
  key: string,
  work: (connected: Accepted | undefined) => Promise<void>,
): Promise<void> {
  const hold = async (): Promise<boolean> => {
    const connected = registry.connectionOf(key)?.accepted;
    // What a connection leaves is stored first.
    if (connected === undefined && registry.isTaken(key)) return false;
    if (connected !== undefined) await work(connected);
    else {
      await unfinished.finish(key);
      try {
        if ((await owners.take(key)) !== undefined) await work(undefined);
      } finally {
        await unfinished.run(key, async () => owners.release(key));
      }
    }
    return true;
  };
  while (!(await registry.inTurn(key, hold)));
}

/**
 * Takes away what is stored of a device's sessions, so that nothing waits for it. A session that is connected here ends
 * with its connection, which it is not for this to end.
 */
export async function forgetDevice(
  parts: Holding & WillContext & Pick<BrokerContext, 'hub' | 'sessions' | 'custom' | 'sightings'>,
  uid: string,
  did: string,
): Promise<void> {
  const { hub, sessions, custom, sightings } = parts;
  // What is still to be recorded of it must not be so after it was removed.
  await sightings.flush();
  for (const session of hub.sessionsOf(uid)) if (session.did === did) session.link.expire();
  for (const { clientId, did: known = clientId } of await sessions.sessionsOf(uid)) {
    if (known !== did) continue;
    const key = `${uid}/${clientId}`;
    await withSession(parts, key, async (connected) => {
      // Meanwhile another device may have taken the session over.
      if (connected !== undefined && connected.session.did !== did) return;
      if (connected === undefined) {
        await settleWill(parts, key, false);
        await custom.forget(key);
      }
      await sessions.remove(uid, clientId);
    });
  }
}

/** The user's stored sessions go, with their wills and what waits for them. */
export async function endSessions(
  parts: Holding & Pick<BrokerContext, 'sessions' | 'custom'>,
  uid: string,
): Promise<void> {
  const { sessions, custom } = parts;
  for (const { clientId } of await sessions.sessionsOf(uid)) {
    const key = `${uid}/${clientId}`;
    await withSession(parts, key, async () => {
      await dropLeftWill(parts, key);
      await custom.forget(key);
      await sessions.remove(uid, clientId);
    });
  }
}

/** Sessions whose time is over go, with what waits for them. */
export async function expireSessions(
  parts: Holding & Pick<BrokerContext, 'sessions' | 'custom' | 'now'>,
): Promise<void> {
  const { sessions, custom, now } = parts;
  for (const { uid, clientId } of await sessions.expire(now(), expireAtOnce)) {
    await forgetGone(parts, `${uid}/${clientId}`);
  }
  // Another node may have died before it came so far.
  for (const key of custom.someSessions?.(lookedAtOnce) ?? []) {
    if ((await storedOf(sessions, key)) === undefined) await forgetGone(parts, key);
  }
}

const storedOf = (sessions: SessionStore, key: string): Promise<StoredSession | undefined> => {
  const slash = key.indexOf('/');
  return sessions.get(key.slice(0, slash), key.slice(slash + 1));
};

/** The session is not stored any more. There may be a new one of its name by now, which keeps what it has. */
const forgetGone = (
  parts: Holding & Pick<BrokerContext, 'sessions' | 'custom'>,
  key: string,
): Promise<void> =>
  withSession(parts, key, async (connected) => {
    if (connected !== undefined || (await storedOf(parts.sessions, key)) !== undefined) return;
    await parts.custom.forget(key);
  });
