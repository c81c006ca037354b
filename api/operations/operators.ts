import type { Operation } from '../operation.ts';
import type { Services } from '../services.ts';
import { broadcastOperations } from './operators/broadcasts.ts';
import { operatorMessageOperations } from './operators/messages.ts';
import { recordOperations } from './operators/records.ts';
import { operatorUserOperations } from './operators/users.ts';

/** The server API, for operators and applications' own backends: scope `admin`. */
export const operatorOperations = (services: Services): Operation[] => [
  ...operatorUserOperations(services),
  ...operatorMessageOperations(services),
  ...broadcastOperations(services),
  ...recordOperations(services),
];
