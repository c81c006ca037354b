import type { Operation } from '../operation.ts';
import type { Services } from '../services.ts';

export function joiningOperations(_: Services): Operation[] {
  return [];
}
