import type { Operation } from '../operation.ts';
import { audited } from '../operators/audit.ts';
import type { Services } from '../services.ts';
import { authOperations } from './auth.ts';
import { blockOperations } from './blocks.ts';
import { conversationOperations } from './conversations.ts';
import { deviceOperations } from './devices.ts';
import { friendOperations } from './friends.ts';
import { groupOperations } from './groups.ts';
import { joiningOperations } from './joining.ts';
import { memberOperations } from './members.ts';
import { messageOperations } from './messages.ts';
import { operatorOperations } from './operators.ts';
import { syncOperations } from './sync.ts';
import { userOperations } from './users.ts';

/** Every operation that the server has, for both doors and the OpenAPI document. */
export const createOperations = (services: Services): readonly Operation[] =>
  audited(
    [
      ...authOperations(services),
      ...userOperations(services),
      ...deviceOperations(services),
      ...friendOperations(services),
      ...blockOperations(services),
      ...groupOperations(services),
      ...memberOperations(services),
      ...joiningOperations(services),
      ...conversationOperations(services),
      ...messageOperations(services),
      ...syncOperations(services),
      ...operatorOperations(services),
    ],
    services,
  );
