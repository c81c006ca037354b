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

const patienceDefaultMs = 5000;

/**
 * Opens the store that this key of the configuration names. Rejects with StoreAway. A server may be silent for long, and
 * migrations take their time: whoever waits is told so, every `patienceMs`.
 */
export async function openAt<T>(
  key: string,
  open: () => Promise<T>,
  say: (message: string) => void,
  patienceMs = patienceDefaultMs,
): Promise<T> {
  const timer = setInterval(() => say(`Still waiting for the server of ${key}.`), patienceMs);
  try {
    return await open();
  } catch (cause) {
    throw new StoreAway(key, cause);
  } finally {
    clearInterval(timer);
  }
}
