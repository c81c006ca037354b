import { toPetrelError } from '../../schemas/errors.ts';
import type { Identity } from '../../schemas/identity.ts';
import type { BrokerContext } from '../context.ts';
import type { Will } from '../gate/connect.ts';
import { scheduleShared, settleShared } from './cluster-will.ts';
import { sendWill, type WillContext } from './send-will.ts';

/** The will is sent no later than the end of the session. [MQTT-3.1.2-8] */
export const delayOf = (will: Will, expirySeconds: number): number =>
  Math.min(will.properties?.willDelayInterval ?? 0, expirySeconds);

/** Sends the will of a connection that has ended, when its delay is over. */
export function schedule(
  context: BrokerContext,
  key: string,
  identity: Pick<Identity, 'uid' | 'scopes'>,
  will: Will,
  delaySeconds: number,
): void {
  const { clusterWills } = context.custom;
  const token = clusterWills?.tokenOf(key);
  if (clusterWills !== undefined && token !== undefined) {
    scheduleShared(context, clusterWills, { session: key, ...identity, will, token }, delaySeconds);
    return;
  }
  const fire = (): void => {
    context.registry.ending(
      sendWill(context, key, identity, will).then(
        () => forget(context, key),
        (error: unknown) => {
          context.log.warn({ err: error }, 'A will was not sent.');
          // What could not be sent now is sent at the next start.
          return toPetrelError(error).entry.retryable ? undefined : forget(context, key);
        },
      ),
    );
  };
  if (delaySeconds === 0) fire();
  else context.registry.delayWill(key, delaySeconds * 1000, fire);
}

/** Only after it was sent: a crash before that sends it at the next start. A newer connection's will stays. */
const forget = ({ registry, custom }: BrokerContext, key: string): Promise<void> =>
  registry.inTurn(key, async () => {
    if (registry.connectionOf(key)?.accepted?.will === undefined) custom.willSent(key);
  });

/** Before a session is taken up (`resumed`) or made anew: the will that waits is not to be sent, or at once. */
export async function settleWill(context: WillContext, key: string, resumed: boolean): Promise<void> {
  const { registry, custom } = context;
  if (custom.clusterWills !== undefined) await settleShared(context, custom.clusterWills, key, resumed);
  else if (resumed) await dropLeftWill(context, key);
  else registry.fireWill(key);
}

/** The will that waits is not to be sent. */
export async function dropLeftWill(
  { registry, custom }: Pick<WillContext, 'registry' | 'custom'>,
  key: string,
): Promise<void> {
  const waits = registry.cancelWill(key);
  const left = await custom.clusterWills?.takeOver(key);
  if (left !== undefined) await custom.clusterWills?.drop(key, left.token);
  else if (waits) custom.dropWill(key);
}

/** At start: those who were connected when the server died have gone without a word, and their wills are sent (section 3.1.2.5). */
export async function sendWillsLeft(context: BrokerContext): Promise<void> {
  for await (const { session, will, delaySeconds, scopes } of context.custom.wills()) {
    const uid = session.slice(0, session.indexOf('/'));
    schedule(context, session, { uid, scopes: new Set(scopes) }, will, delaySeconds);
  }
}
