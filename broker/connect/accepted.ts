import type { Identity } from '../../schemas/identity.ts';
import type { CustomClient } from '../custom/custom.ts';
import type { Will } from '../gate/connect.ts';
import type { Session } from '../hub/session.ts';

/** A session that the CONNECT steps made or took up, with what the connection has to know of it. */
export interface Accepted {
  /** As the token says now. */
  identity: Identity;
  readonly session: Session;
  /** `{uid}/{clientId}`. */
  readonly key: string;
  readonly custom: CustomClient;
  /** Seconds the session lives on after the connection; 0 where it ends with it. */
  expirySeconds: number;
  readonly will?: Will;
  /** Set by enhanced authentication: AUTH may renew the token. */
  readonly authenticationMethod?: string;
}
