export type { OperationName, Operations } from './operations.ts';
export * from './types.ts';
