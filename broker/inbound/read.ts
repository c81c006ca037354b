import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { routeOf } from '../../policy/routes.ts';
import { PetrelError } from '../../schemas/errors.ts';
import type { Target } from '../../schemas/topics.ts';
import type { Connection } from '../connection.ts';
import { parsePayload } from './payload.ts';

const body = Compile(Type.Object({ seq: Type.Integer({ minimum: 1 }) }, { additionalProperties: false }));

/** `read/…`: moves the user's read cursor on; durable when it resolves. */
export async function read(connection: Connection, target: Target, payload: Buffer): Promise<void> {
  const { seq } = parsePayload(payload, body);
  const { routes } = connection.context;
  const { uid } = connection.accepted!.identity;
  const route = routeOf(uid, target);
  await routes.load(route);
  if (route.group !== undefined && route.group.facts.member === undefined) {
    throw new PetrelError(route.group.facts.exists ? 'send.not-member' : 'group.not-found');
  }
  // What the server itself said, and what a user said who was removed since, can be read all the same.
  if (route.direct !== undefined && !route.direct.facts.exists) {
    const [head] = await connection.context.timeline.heads([route.conv]);
    if (head === undefined) throw new PetrelError('user.not-found');
  }
  await connection.context.moveRead(route.conv, uid, seq);
}
