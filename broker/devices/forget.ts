import type { BrokerContext } from '../context.ts';

/**
 * Takes away what is stored of a device's sessions, so that nothing waits for it. A session that is connected here ends
 * with its connection, which it is not for this to end.
 */
export async function forgetDevice(
  { hub, registry, sessions, custom }: Pick<BrokerContext, 'hub' | 'registry' | 'sessions' | 'custom'>,
  uid: string,
  did: string,
): Promise<void> {
  for (const session of hub.sessionsOf(uid)) if (session.did === did) session.link.expire();
  for (const { clientId, did: known = clientId } of await sessions.sessionsOf(uid)) {
    if (known !== did) continue;
    const key = `${uid}/${clientId}`;
    await registry.inTurn(key, async () => {
      const connected = registry.connectionOf(key)?.accepted;
      // Meanwhile another device may have taken the session over.
      if (connected !== undefined && connected.session.did !== did) return;
      if (connected === undefined) {
        registry.fireWill(key);
        await custom.forget(key);
      }
      await sessions.remove(uid, clientId);
    });
  }
}
