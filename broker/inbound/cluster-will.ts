import { toPetrelError } from '../../schemas/errors.ts';
import type { Identity } from '../../schemas/identity.ts';
import type { ClusterWills, TakenWill } from '../custom/cluster/wills.ts';
import type { Will } from '../gate/connect.ts';
import { sendWill, type WillContext } from './send-will.ts';

/** A will that every node knows. */
interface SharedWill extends Pick<Identity, 'uid' | 'scopes'> {
  readonly session: string;
  readonly will: Will;
  readonly token: string;
}

/** What could not be sent is tried again after so long; it is sent by another node if this one dies. */
const retryMs = 5000;

const sharedWill = ({ session, will, token, scopes }: TakenWill): SharedWill => ({
  ...{ session, will, token, scopes: new Set(scopes) },
  uid: session.slice(0, session.indexOf('/')),
});

/** The connection has ended: the will is sent after its delay, by this node or, should it die, by another one. */
export function scheduleShared(
  context: WillContext,
  wills: ClusterWills,
  will: SharedWill,
  delaySeconds: number,
): void {
  const { registry, now } = context;
  if (delaySeconds === 0) {
    fire(context, wills, will, true);
    return;
  }
  const { session, token } = will;
  // Where it could not be written down, a node that takes this one's place waits for the whole delay.
  wills.delay(session, token, now() + delaySeconds * 1000).catch(() => undefined);
  registry.delayWill(session, delaySeconds * 1000, () => fire(context, wills, will, false));
}

/** Sends it, where it is this node's to send. `atOnce`: a newer connection's will in its place does not cancel it. */
function fire(context: WillContext, wills: ClusterWills, will: SharedWill, atOnce: boolean): void {
  const { session, token } = will;
  const taken = wills.take(session, token);
  const sent = taken.then(
    (mine) => {
      if (mine === 'taken' || (mine === 'replaced' && atOnce)) sendNow(context, wills, will);
    },
    () => later(() => fire(context, wills, will, atOnce)),
  );
  context.registry.ending(sent);
}

/** It is this node's to send. */
function sendNow(context: WillContext, wills: ClusterWills, will: SharedWill): void {
  const { session, token } = will;
  const drop = (): Promise<void> => wills.drop(session, token);
  const sent = sendWill(context, session, will, will.will).then(drop, (error: unknown) => {
    context.log.warn({ err: error }, 'A will was not sent.');
    if (!toPetrelError(error).entry.retryable) return drop();
    later(() => sendNow(context, wills, will));
    return undefined;
  });
  // Not dropped, it is sent again by the node that takes this one's place.
  context.registry.ending(sent.catch(() => undefined));
}

const later = (work: () => void): void => void setTimeout(work, retryMs).unref();

/** What the session's last connection left, on whatever node: not to be sent, or at once. */
export async function settleShared(
  context: WillContext,
  wills: ClusterWills,
  key: string,
  resumed: boolean,
): Promise<void> {
  context.registry.cancelWill(key);
  const left = await wills.takeOver(key);
  if (left === undefined) return;
  const isDue = left.dueAt !== undefined && left.dueAt <= context.now();
  // [MQTT-3.1.3-9]: the session is taken up before the delay has passed
  if (resumed && left.delaySeconds > 0 && !isDue) await wills.drop(key, left.token);
  else sendNow(context, wills, sharedWill(left));
}

/** A will that a node which died has left: its delay goes on here. */
export function adoptWill(context: WillContext, wills: ClusterWills, left: TakenWill): void {
  const dueAt = left.dueAt ?? context.now() + left.delaySeconds * 1000;
  const will = sharedWill(left);
  const delayMs = dueAt - context.now();
  if (delayMs <= 0) fire(context, wills, will, false);
  else {
    wills.delay(left.session, left.token, dueAt).catch(() => undefined);
    context.registry.delayWill(left.session, delayMs, () => fire(context, wills, will, false));
  }
}
