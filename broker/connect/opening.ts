import type { Identity } from '../../schemas/identity.ts';
import type { StoredSession } from '../../store/sessions.ts';
import type { Connection } from '../connection.ts';
import type { ConnectPacket } from '../gate/connect.ts';
import type { UserNode } from '../hub/audience.ts';
import type { Session } from '../hub/session.ts';
import type { Accepted } from './accepted.ts';

/** A CONNECT that was found good, on its way to a session: what each step finds out is for those after it. */
export interface Opening {
  readonly connection: Connection;
  readonly packet: ConnectPacket;
  readonly identity: Identity;
  readonly clientId: string;
  /** `{uid}/{clientId}`. */
  readonly key: string;
  /** Seconds the session outlives its connection. */
  readonly expirySeconds: number;
  /** Set where a stored session is taken up. */
  resumed?: StoredSession;
  /** The session as it was or is to be stored; absent for one that ends with its connection. */
  stored?: StoredSession;
  /** The session is, or may be, this node's; it is let go of where a step fails. */
  isTaken?: true;
  /** Claimed in the hub; until a session is attached it has to be released. */
  user?: UserNode;
  /** In the hub; until the CONNACK it has to be detached where a step fails. */
  session?: Session;
  accepted?: Accepted;
  /** The will is kept; it is dropped where a step fails before the CONNACK. */
  willKept?: true;
}
