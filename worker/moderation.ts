import type { MessageType, Outgoing } from '../schemas/messages.ts';
import type { Route } from './sender.ts';

/**
 * Looks at a message or an edit before it is stored: answers it as it is or with another body, or rejects with PetrelError
 * `send.rejected` or `moderation.unavailable`.
 * @param bodyType what its body (an edit's new body) must fit
 */
export type Moderate = (
  route: Pick<Route, 'conv' | 'from' | 'target'>,
  outgoing: Outgoing,
  bodyType: MessageType,
) => Promise<Outgoing>;
