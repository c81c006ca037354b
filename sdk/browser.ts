import { composeClient } from './client.ts';
import { indexedDbStorage } from './storage/indexeddb.ts';
import { createTabs } from './tabs/create.ts';
import { dial } from './transport/mqtt-browser.ts';
import type { Client, ClientOptions } from './types.ts';

export * from './index.ts';
export { type IndexedDbStorageOptions, indexedDbStorage } from './storage/indexeddb.ts';

/**
 * A client for a browser: all tabs of a site share one sign-in, one outbox and one connection.
 *
 * @example
 * const client = await createClient({ url: 'https://chat.example' });
 * if (!client.user.value) await client.signIn({ uid: 'alice', password });
 * client.conversations.subscribe((list) => show(list));
 * await client.conversation({ uid: 'bob' }).send('Hello');
 */
export async function createClient(options: ClientOptions = {}): Promise<Client> {
  const url = options.url?.replace(/\/+$/, '') ?? '';
  const { origin } = globalThis.location;
  const storage = options.storage ?? indexedDbStorage({ name: `petrel ${url || origin}` });
  const isShared = await storage.isShared;
  return composeClient(
    {
      dial,
      url,
      mqttUrl: options.mqttUrl ?? `${(url || origin).replace(/^http/, 'ws')}/mqtt`,
      storage,
      tabs: createTabs(isShared ? storage.name : undefined),
      platform: 'web',
    },
    options,
  );
}
