import { composeClient } from './client.ts';
import { memoryStorage } from './storage/memory.ts';
import { createTabs } from './tabs/create.ts';
import { dial } from './transport/mqtt.ts';
import type { Client, ClientOptions } from './types.ts';

export * from './index.ts';
export { type FileStorageOptions, fileStorage } from './storage/file.ts';

/** Without a storage that lasts there is nothing to come back to but a connection that broke. */
const shortSessionSeconds = 600;

/**
 * A client for Node: a bot, a device, a command line. It keeps everything in memory unless it is given a storage.
 *
 * @example
 * const client = await createClient({ url: 'https://chat.example', storage: fileStorage({ path: 'bot.data' }) });
 * await client.signIn({ uid: 'bot', password });
 * client.on('message', ({ conv, body }) => client.conversation(conv).send(`You said: ${body?.text}`));
 */
export async function createClient(options: ClientOptions): Promise<Client> {
  const url = options.url?.replace(/\/+$/, '');
  if (url === undefined) throw new TypeError('createClient: url is missing.');
  return composeClient(
    {
      dial,
      url,
      mqttUrl: options.mqttUrl ?? `${url.replace(/^http/, 'ws')}/mqtt`,
      storage: options.storage ?? memoryStorage(),
      tabs: createTabs(undefined),
      platform: 'bot',
      ...(options.storage === undefined && { sessionExpirySeconds: shortSessionSeconds }),
    },
    options,
  );
}
