import { toPetrelError } from '../schemas/errors.ts';

/** Tells of what went wrong while nobody asked. A store that is away is no news there: its own health check tells. */
export const faultsOnly =
  (onError: (error: unknown) => void): ((error: unknown) => void) =>
  (error) => {
    if (toPetrelError(error).code !== 'store.unavailable') onError(error);
  };
