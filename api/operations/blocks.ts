import type { Operation } from '../operation.ts';
import type { Services } from '../services.ts';

export function blockOperations(_: Services): Operation[] {
  return [];
}
