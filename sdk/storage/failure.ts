import { ClientError } from '../errors.ts';

/** Why the storage could not do it. Retryable: there may be room again. */
export function storageFailed(cause: unknown): ClientError {
  if (cause instanceof ClientError) return cause;
  const why = cause instanceof Error ? cause.message || cause.name : String(cause);
  return new ClientError('client.storage', `What is kept here could not be read or written: ${why}`, {
    retryable: true,
    cause,
  });
}

export const storageClosed = (): ClientError => new ClientError('client.storage', 'The storage is closed.');
