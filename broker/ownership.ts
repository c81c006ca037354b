import type { BrokerContext } from './context.ts';
import { reasons } from './gate/fault.ts';

/** Ends the connections whose sessions other nodes take, or took. Answers a function that ends this. */
export function endLost({
  owners,
  registry,
  unfinished,
}: Pick<BrokerContext, 'owners' | 'registry' | 'unfinished'>): () => void {
  return owners.onLost((key, taken) => {
    const connection = registry.connectionOf(key);
    if (connection !== undefined) {
      if (taken) connection.end(reasons.sessionTakenOver, 'Another connection took the session over.');
      // Others count it as ended already: the client may come again.
      else connection.end(reasons.implementationError, 'The connection was cut off.');
      return;
    }
    const opening = registry.openingOf(key);
    if (opening !== undefined) opening.destroy();
    // An end that could not be told, or is just being stored.
    else void registry.inTurn(key, async () => letGo(key));
  });

  async function letGo(key: string): Promise<void> {
    if (registry.isTaken(key)) return;
    // What is unfinished lets go by itself, and is tried again where it fails now.
    if (unfinished.has(key)) await unfinished.finish(key).catch(() => {});
    else await unfinished.run(key, async () => owners.release(key));
  }
}
