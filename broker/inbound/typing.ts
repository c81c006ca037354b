import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { routeOf } from '../../policy/routes.ts';
import type { Target } from '../../schemas/topics.ts';
import type { Notice } from '../../store/bus.ts';
import type { Connection } from '../connection.ts';
import type { Hub } from '../hub/hub.ts';
import { parsePayload } from './payload.ts';

const body = Compile(Type.Object({ on: Type.Boolean() }, { additionalProperties: false }));

/** In larger groups typing would cost more than it tells. */
const maxTypingAudience = 50;

/** `typing/…`: tells the others who are connected now; never stored. What is too much is dropped without a word. */
export async function typing(connection: Connection, target: Target, payload: Buffer): Promise<void> {
  const { routes, bus, hub, sight, typingRates } = connection.context;
  const { uid } = connection.accepted!.identity;
  if (typingRates.take(uid) > 0) return;
  const { on } = parsePayload(payload, body);
  const route = routeOf(uid, target);
  await routes.open(route);
  const others = audience(hub, target, uid);
  if (others.size === 0 || (await sight.isHidden(uid))) return;
  const notice: Notice = { type: 'typing', conv: route.conv, uid, on };
  for (const other of others) {
    if (await sight.mayHear(other, uid)) bus.publish({ type: 'notice', uid: other, notice });
  }
}

/** The others who are connected now; nobody where they are too many. */
function audience(hub: Hub, target: Target, uid: string): ReadonlySet<string> {
  if (target.kind === 'direct') return new Set(target.name === uid ? [] : [target.name]);
  const others = new Set<string>();
  for (const session of hub.membersOnline(target.name)) {
    others.add(session.user.uid);
    if (others.size > maxTypingAudience) return new Set();
  }
  others.delete(uid);
  return others;
}
