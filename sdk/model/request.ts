import type { OperationName, Operations } from '../operations.ts';

/** Asks the server for an operation. Rejects with ClientError. */
export type Request = <N extends OperationName>(
  name: N,
  input: Operations[N]['input'],
) => Promise<Operations[N]['output']>;
