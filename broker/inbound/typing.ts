import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { PetrelError } from '../../schemas/errors.ts';
import type { Target } from '../../schemas/topics.ts';
import type { Notice } from '../../store/bus.ts';
import type { Connection } from '../connection.ts';
import type { Hub } from '../hub/hub.ts';
import { parsePayload } from './payload.ts';

const body = Compile(Type.Object({ on: Type.Boolean() }, { additionalProperties: false }));

/** In larger groups typing would cost more than it tells. */
const maxTypingAudience = 50;

/** `typing/…`: tells the others who are connected now; never stored. */
export async function typing(connection: Connection, target: Target, payload: Buffer): Promise<void> {
  const { on } = parsePayload(payload, body);
  const { sender, bus, hub, config, maySee } = connection.context;
  const { uid } = connection.accepted!.identity;
  const route = sender.route(uid, target);
  await sender.load(route);
  const refused = sender.refusal(route);
  if (refused !== undefined) throw new PetrelError(refused);
  if (connection.takeSend() > 0) throw new PetrelError('send.rate');
  // Who types into a conversation tells those in it; a stricter policy narrows them down.
  const { policy } = config.presence;
  if (policy === 'nobody') return;
  const notice: Notice = { type: 'typing', conv: route.conv, uid, on };
  for (const other of audience(hub, target, uid)) {
    if (policy === 'contacts' || (await maySee(other, uid)))
      bus.publish({ type: 'notice', uid: other, notice });
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
