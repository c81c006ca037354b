import type { Operation } from '../operation.ts';
import type { Services } from '../services.ts';

export function operatorOperations(_: Services): Operation[] {
  return [];
}
