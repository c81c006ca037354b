/**
 * Asks the browser once not to clear what this site keeps when the disk is full. Some ask the user: so it is done when
 * there is something to lose. Not on plain http.
 */
export async function askToPersist(): Promise<void> {
  try {
    const storage = globalThis.navigator?.storage;
    if (storage?.persist === undefined || (await storage.persisted())) return;
    await storage.persist();
  } catch {
    // It was only a wish.
  }
}
