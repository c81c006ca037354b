import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { PetrelError } from '../../schemas/errors.ts';
import type { Target } from '../../schemas/topics.ts';
import type { Notice } from '../../store/bus.ts';
import type { Connection } from '../connection.ts';
import { parsePayload } from './payload.ts';

const body = Compile(Type.Object({ seq: Type.Integer({ minimum: 1 }) }, { additionalProperties: false }));

/** `read/…`: moves the user's read cursor on; durable when it resolves. */
export async function read(connection: Connection, target: Target, payload: Buffer): Promise<void> {
  const { seq } = parsePayload(payload, body);
  const { sender, timeline, bus } = connection.context;
  const { uid } = connection.accepted!.identity;
  const route = sender.route(uid, target);
  await sender.load(route);
  if (route.group !== undefined && route.group.facts.member === undefined) {
    throw new PetrelError(route.group.facts.exists ? 'send.not-member' : 'group.not-found');
  }
  if (route.direct !== undefined && !route.direct.facts.exists) throw new PetrelError('user.not-found');
  const [cursor] = await timeline.moveCursors([{ conv: route.conv, uid, read: seq }]);
  const notice: Notice = { type: 'read', conv: route.conv, uid, seq: cursor!.read };
  // Read state is shared among the reader's devices; in a direct conversation the peer sees it too.
  bus.publish({ type: 'notice', uid, notice });
  if (target.kind === 'direct' && target.name !== uid)
    bus.publish({ type: 'notice', uid: target.name, notice });
}
