import { setTimeout } from 'node:timers/promises';
import type { ChatClient } from '../../support/chat-client.ts';

const pingEveryMs = 1000;
/** Who does not answer a PINGREQ in this time is left: clients find frozen brokers by their keep alive. */
const silenceMs = 8000;
const firstRetryMs = 150;
const maxRetryMs = 3000;
/** A connection that has held for so long was a good one. */
const goodMs = 5000;

/**
 * What a client library does by itself: `session` runs on one connection after the other, each made by it, until
 * `isOver` says so. A connection that does not go on, or a broker that refuses one, is the beginning of the next attempt.
 */
export async function stayConnected(
  session: (connected: (client: ChatClient) => void) => Promise<void>,
  isOver: () => boolean,
): Promise<void> {
  let retryMs = firstRetryMs;
  while (!isOver()) {
    const since = performance.now();
    let client: ChatClient | undefined;
    // A session ends with its connection, well or not: the next one begins where it was.
    await session((made) => {
      client = made;
      void watch(made);
    }).catch(() => {});
    await client?.drop();
    // Who comes back at once, again and again, keeps a server from coming back itself.
    retryMs = performance.now() - since > goodMs ? firstRetryMs : Math.min(2 * retryMs, maxRetryMs);
    if (!isOver()) await setTimeout(retryMs);
  }
}

async function watch(client: ChatClient): Promise<void> {
  while (client.isOpen) {
    await setTimeout(pingEveryMs);
    if (!client.isOpen) return;
    client.send({ cmd: 'pingreq' });
    const answered = await client.next('pingresp', () => true, silenceMs).catch(() => undefined);
    if (answered === undefined) await client.drop();
  }
}
