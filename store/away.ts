/** A server that holds a store could not be had at the start, or not as the URL says. */
export class StoreAway extends Error {
  /** Where the configuration names it: `store.directory`. */
  readonly key: string;

  constructor(key: string, cause: unknown) {
    super(`${key} cannot be opened.`, { cause });
    this.name = 'StoreAway';
    this.key = key;
  }
}

/** Opens the store that this key of the configuration names. Rejects with StoreAway. */
export async function openAt<T>(key: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (cause) {
    throw new StoreAway(key, cause);
  }
}
