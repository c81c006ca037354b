/** Why a store was not moved, in a sentence for the operator. */
export class MovingError extends Error {
  override readonly name = 'MovingError';
}

/** The operator asked to stop; the same command goes on from there. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}
