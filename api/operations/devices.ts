import type { Operation } from '../operation.ts';
import type { Services } from '../services.ts';

export function deviceOperations(_: Services): Operation[] {
  return [];
}
