import { PetrelError } from '../../schemas/errors.ts';
import type { Connection } from '../connection.ts';
import type { RpcAnswer } from '../context.ts';
import type { PublishPacket } from '../gate/publish.ts';
import { publish } from '../gate/writer.ts';
import { packetIdOf } from '../hub/inflight.ts';
import type { PendingAck } from './acks.ts';

/**
 * With so many unanswered requests the connection is read no further for now, and not before the others had their turn:
 * answers that need no waiting (refusals, mistakes) would otherwise fill one turn of the event loop after another.
 */
const maxRequests = 32;

/** `req/{operation}`: acknowledged at once; the answer goes to this connection only. */
export function request(
  connection: Connection,
  operation: string,
  packet: PublishPacket,
  pending: PendingAck,
): Promise<void> | undefined {
  const topic = packet.properties?.responseTopic ?? `res/${operation}`;
  if (!topic.startsWith('res/') || topic.length === 4) {
    pending.failed(new PetrelError('topic.invalid', 'The response topic does not start with res/.'));
    return undefined;
  }
  pending.done();
  connection.requests++;
  const work = answer(connection, operation, topic, packet);
  return connection.requests >= maxRequests ? work.then(nextTurn) : undefined;
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function answer(
  connection: Connection,
  operation: string,
  topic: string,
  packet: PublishPacket,
): Promise<void> {
  const { identity, session } = connection.accepted!;
  const result = await connection.context.rpc(operation, packet.payload, {
    identity,
    address: connection.address,
    did: session.did,
    renew: (renewed) => {
      if (renewed.uid === identity.uid) connection.renew(renewed);
    },
  });
  connection.requests--;
  if (connection.isClosed) return;
  const correlationData = packet.properties?.correlationData;
  const properties = correlationData === undefined ? undefined : { correlationData };
  const qos = packet.qos === 0 ? 0 : 1;
  const build = (answered: RpcAnswer) => (ordinal: number) =>
    publish(connection.version, {
      topic,
      payload: Buffer.from(JSON.stringify(answered)),
      qos,
      id: packetIdOf(ordinal),
      ...(properties === undefined ? {} : { properties }),
    });
  const frame = build(result)(0);
  // [MQTT-3.1.2-24]: an answer that the client cannot take becomes a short one that says so
  const fits = frame.length <= connection.maxPacketSize;
  const short: RpcAnswer = {
    ok: false,
    error: new PetrelError(
      'request.too-large',
      'The answer is larger than the packets the client takes.',
    ).toBody(),
    ...(result.rid === undefined ? {} : { rid: result.rid }),
  };
  session.sendAside(build(fits ? result : short), qos);
}
