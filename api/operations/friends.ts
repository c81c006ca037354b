import type { Operation } from '../operation.ts';
import type { Services } from '../services.ts';

export function friendOperations(_: Services): Operation[] {
  return [];
}
