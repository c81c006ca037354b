import { PetrelError } from '../../schemas/errors.ts';
import { doneTopic, nodeTopic, nodeUserName } from '../../schemas/work.ts';
import { checkRate } from '../connect/checks.ts';
import type { Connection } from '../connection.ts';
import type { ConnectPacket } from '../gate/connect.ts';
import { connack } from '../gate/writer.ts';
import { NodeConnection } from './connection.ts';
import type { NodeRouter } from './router.ts';

/** Whether another node of the cluster asks for a connection, and this one has such. */
export const isNode = ({ context }: Connection, { userName, version }: ConnectPacket): boolean =>
  userName === nodeUserName && version === 5 && context.router !== undefined;

/**
 * The way of another node's CONNECT. Whoever shows a token of the server's own for nodes is neither a user nor counted as
 * one: no rate, no session, no presence.
 */
export async function welcome(
  connection: Connection,
  { clientId, password, keepAlive }: ConnectPacket,
): Promise<void> {
  const { context, transport } = connection;
  try {
    if (nodeTopic(doneTopic(clientId)) === undefined) throw new PetrelError('connect.client-id');
    await context.authenticator.verifyNode(password?.toString('utf8') ?? '');
  } catch (error) {
    checkRate(connection);
    throw error;
  }
  if (connection.isClosed) return;
  const router = context.router as NodeRouter;
  transport.write(connack(5, false, 0));
  const rest = connection.giveAway();
  const node = new NodeConnection({
    node: clientId,
    transport,
    router,
    keepAliveSeconds: keepAlive,
    onEnd: (reason) => context.log.info({ node: clientId, reason }, 'A node’s connection ended.'),
  });
  transport.listen(node);
  node.onData(rest);
  transport.resume();
  context.log.info({ node: clientId }, 'A node connected.');
}
