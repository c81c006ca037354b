import { PetrelError, toPetrelError } from '../../schemas/errors.ts';
import { anonymousUid } from '../../schemas/identity.ts';
import { inboundTopic, topicLevels } from '../../schemas/topics.ts';
import type { Connection } from '../connection.ts';
import { ProtocolFault, reasons } from '../gate/fault.ts';
import type { PublishPacket } from '../gate/publish.ts';
import { ack, packetTypes } from '../gate/writer.ts';
import { PendingAck } from './acks.ts';
import { read } from './read.ts';
import { request } from './request.ts';
import { routeOf, submit } from './send.ts';
import { typing } from './typing.ts';

/** A PUBLISH that was read whole: hands it to what its topic is about. */
export function onPublish(connection: Connection, packet: PublishPacket): Promise<void> | undefined {
  const { id, qos } = packet;
  if (qos === 2 && connection.answers.isRepeatedQos2(id)) {
    // Received before: the PUBREC is sent again, or is still to come. [MQTT-4.3.3-10]
    if (!connection.answers.isPending(id)) connection.send(ack(connection.version, packetTypes.pubrec, id));
    return undefined;
  }
  const topic = inboundTopic(packet.topic);
  const anonymous = connection.accepted!.identity.uid === anonymousUid;
  if (topic.kind === 'send' && !anonymous) {
    return submit(connection, routeOf(connection, packet.topic)!, packet.payload, id, qos);
  }
  const pending = new PendingAck(connection, id, qos);
  // Who shows no token is told the code alone, save of sends: their refusals always explain. (contract section 4)
  if (anonymous && topic.kind !== 'send') pending.explains = false;
  if (qos > 0) connection.answers.expect(pending, connection.version);
  if (anonymous && topic.kind !== 'custom') {
    pending.failed(new PetrelError('topic.forbidden'));
    return undefined;
  }
  switch (topic.kind) {
    case 'read':
      return settle(connection, pending, read(connection, topic.target, packet.payload));
    case 'typing':
      return settle(connection, pending, typing(connection, topic.target, packet.payload));
    case 'request':
      return request(connection, topic.operation, packet, pending);
    case 'custom':
      return custom(connection, packet, pending);
    case 'malformed':
      pending.failed(new PetrelError('topic.invalid'));
      return undefined;
    default:
      pending.failed(new PetrelError('topic.forbidden'));
      return undefined;
  }
}

/** Routed at once; what follows is read on while the message becomes durable, so that many share a transaction. */
function custom(
  connection: Connection,
  packet: PublishPacket,
  pending: PendingAck,
): Promise<void> | undefined {
  const { context, accepted } = connection;
  if (topicLevels(packet.topic) > context.config.mqtt.maxTopicLevels) {
    throw new ProtocolFault(reasons.topicNameInvalid, 'The topic has too many levels.');
  }
  const settled = settle(connection, pending, context.custom.publish(accepted!.custom, packet));
  if (packet.qos === 0) {
    // No answer holds its sender back.
    connection.unsettled++;
    const done = settled.finally(() => connection.unsettled--);
    return connection.unsettled > context.config.mqtt.receiveMaximum ? done : undefined;
  }
  return connection.version < 5 && connection.answers.crowded ? connection.answers.whenRelieved() : undefined;
}

/** Answers with what the work came to. */
async function settle(connection: Connection, pending: PendingAck, work: Promise<void>): Promise<void> {
  try {
    await work;
    pending.done();
  } catch (error) {
    const known = toPetrelError(error);
    if (known.code === 'server.error') connection.context.log.error({ err: error }, 'A message failed.');
    pending.failed(known.code === 'server.error' ? new PetrelError('store.unavailable') : known);
  }
}
