import type { Operation } from '../operation.ts';
import type { Services } from '../services.ts';
import { authOperations } from './auth.ts';
import { conversationOperations } from './conversations.ts';
import { groupOperations } from './groups.ts';
import { memberOperations } from './members.ts';
import { messageOperations } from './messages.ts';
import { syncOperations } from './sync.ts';
import { userOperations } from './users.ts';

/** Every operation that the server has, for both doors and the OpenAPI document. */
export const createOperations = (services: Services): readonly Operation[] => [
  ...authOperations(services),
  ...userOperations(services),
  ...groupOperations(services),
  ...memberOperations(services),
  ...conversationOperations(services),
  ...messageOperations(services),
  ...syncOperations(services),
];
