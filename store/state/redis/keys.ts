/** Begins every key and every channel: a Redis that others use too is looked through by it. */
export const prefix = 'petrel:';

/** The key of these parts: `key('session', uid)` is `petrel:session:{uid}`. Parts hold no colon, but for the last one. */
export const key = (...parts: readonly string[]): string => prefix + parts.join(':');

/** Channels are the whole server's, unlike keys: those of another database's Petrel have another beginning. */
export const channelPrefix = (database: number): string => `${prefix}${database}:`;
