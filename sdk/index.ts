export { ClientError } from './errors.ts';
export type { OperationName, Operations } from './operations.ts';
export type { Signal } from './signal.ts';
export { memoryStorage } from './storage/memory.ts';
export type { Change, Key, Range, Storage, Table } from './storage.ts';
export * from './types.ts';
