import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { PetrelError } from '../../schemas/errors.ts';
import type { Target } from '../../schemas/topics.ts';
import type { Notice } from '../../store/bus.ts';
import type { Connection } from '../connection.ts';
import { parsePayload } from './payload.ts';

const body = Compile(Type.Object({ on: Type.Boolean() }, { additionalProperties: false }));

/** In larger groups typing would cost more than it tells. */
const maxTypingAudience = 50;

/** `typing/…`: tells the others who are connected now; never stored. */
export async function typing(connection: Connection, target: Target, payload: Buffer): Promise<void> {
  const { on } = parsePayload(payload, body);
  const { sender, bus, hub, config } = connection.context;
  const { uid } = connection.accepted!.identity;
  const route = sender.route(uid, target);
  await sender.load(route);
  const refused = sender.refusal(route);
  if (refused !== undefined) throw new PetrelError(refused);
  if (connection.takeSend() > 0) throw new PetrelError('send.rate');
  if (config.presence.policy === 'nobody') return;
  const notice: Notice = { type: 'typing', conv: route.conv, uid, on };
  if (target.kind === 'direct') {
    if (config.presence.policy === 'friends' && route.direct?.facts.friends !== true) return;
    if (target.name !== uid) bus.publish({ type: 'notice', uid: target.name, notice });
    return;
  }
  const audience = new Set<string>();
  for (const session of hub.membersOnline(target.name)) {
    audience.add(session.user.uid);
    if (audience.size > maxTypingAudience) return;
  }
  audience.delete(uid);
  for (const member of audience) bus.publish({ type: 'notice', uid: member, notice });
}
