import { type Route, routeOf as routeFrom } from '../../policy/routes.ts';
import { PetrelError, toPetrelError } from '../../schemas/errors.ts';
import { anonymousUid } from '../../schemas/identity.ts';
import { type Outgoing, parseOutgoing } from '../../schemas/messages.ts';
import { inboundTopic } from '../../schemas/topics.ts';
import type { Connection } from '../connection.ts';
import { PendingAck } from './acks.ts';

const maxRoutes = 256;

/** The route of a PUBLISH to `send/…` from its bytes; undefined where it is another topic, or not a plain case. */
export function fastRoute(
  connection: Connection,
  bytes: Buffer,
  start: number,
  end: number,
): Route | undefined {
  const length = (bytes[start]! << 8) | bytes[start + 1]!;
  const at = start + 2;
  // Behind the topic: a packet id and a property length at most.
  if (at + length + 3 > end) return undefined;
  const last = connection.lastTopic;
  if (last !== undefined && last.length === length && same(bytes, at, last)) return connection.lastRoute;
  if (bytes[at] !== 0x73 /* s */ || bytes[at + 4] !== 0x2f) return undefined;
  const topic = bytes.toString('latin1', at, at + length);
  const route = routeOf(connection, topic);
  if (route !== undefined) {
    connection.lastTopic = Buffer.from(topic, 'latin1');
    connection.lastRoute = route;
  }
  return route;
}

function same(bytes: Buffer, at: number, topic: Buffer): boolean {
  for (let i = topic.length - 1; i >= 0; i--) if (bytes[at + i] !== topic[i]) return false;
  return true;
}

/** The route of a topic `send/u/…` or `send/g/…`; undefined for any other. */
export function routeOf(connection: Connection, topic: string): Route | undefined {
  const known = connection.routes.get(topic);
  if (known !== undefined) return known;
  const parsed = inboundTopic(topic);
  const { uid } = connection.accepted!.identity;
  if (parsed.kind !== 'send' || uid === anonymousUid) return undefined;
  const route = routeFrom(uid, parsed.target);
  if (connection.routes.size >= maxRoutes) connection.routes.clear();
  connection.routes.set(topic, route);
  return route;
}

/**
 * Takes a message for a conversation: rate, schema, and what `Sends` asks; each may refuse. Answers a promise where the
 * connection has to wait, so that its later messages stay behind this one.
 */
export function submit(
  connection: Connection,
  route: Route,
  payload: Buffer,
  id: number,
  qos: 0 | 1 | 2,
): Promise<void> | undefined {
  const pending = new PendingAck(connection, id, qos, route);
  if (qos > 0) connection.answers.expect(pending, connection.version);
  const retryAfterMs = connection.takeSend();
  if (retryAfterMs > 0) return refuse(pending, new PetrelError('send.rate', undefined, { retryAfterMs }));
  let outgoing: Outgoing;
  try {
    outgoing = parseOutgoing(payload);
  } catch (error) {
    return refuse(pending, toPetrelError(error));
  }
  pending.messageId = outgoing.id;
  const taken = connection.context.sends.take(route, outgoing, pending);
  return taken === undefined ? relief(connection) : taken.then(() => relief(connection));
}

const refuse = (pending: PendingAck, error: PetrelError): undefined => {
  pending.failed(error);
  return undefined;
};

/** Where too much waits for its answer, the sender is read no further for now. */
function relief(connection: Connection): Promise<void> | undefined {
  const { sends } = connection.context;
  if (sends.full) return new Promise((resolve) => sends.whenRelieved(resolve));
  return connection.version < 5 && connection.answers.crowded ? connection.answers.whenRelieved() : undefined;
}
