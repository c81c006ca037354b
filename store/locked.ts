/** Thrown when a store is opened whose files another process (or another store of this one) holds. */
export class StoreLocked extends Error {
  readonly path: string;

  constructor(path: string, options?: ErrorOptions) {
    super(`${path} is in use by another process.`, options);
    this.name = 'StoreLocked';
    this.path = path;
  }
}
