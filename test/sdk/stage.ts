import { createClient } from '../../sdk/node.ts';
import type { Client, ClientOptions, Message } from '../../sdk/types.ts';
import type { Petrel } from '../support/petrel.ts';
import { until } from '../support/until.ts';

export const password = 'correct horse';

/** What a message comes to in few words. */
export const brief = ({ seq, body, state }: Message): string =>
  `${seq ?? '-'} ${(body as { text?: string } | undefined)?.text ?? ''} ${state}`;

/** Clients of a server under test, all closed at the end. */
export class Stage {
  readonly petrel: Petrel;
  readonly errors: Error[] = [];
  readonly #open: Client[] = [];
  #names = 0;

  constructor(petrel: Petrel) {
    this.petrel = petrel;
  }

  /** A uid that nobody has. */
  uid(name: string): string {
    this.#names++;
    return `${name}-${this.#names}`;
  }

  /** To be closed at the end. */
  keep(client: Client): Client {
    client.on('error', (error) => this.errors.push(error));
    this.#open.push(client);
    return client;
  }

  async client(options: ClientOptions = {}): Promise<Client> {
    return this.keep(await createClient({ url: this.petrel.url('http'), ...options }));
  }

  /** Somebody new, on a first device that has caught up. */
  async person(name: string, options: ClientOptions = {}): Promise<Client & { readonly uid: string }> {
    const client = await this.client(options);
    const uid = this.uid(name);
    await client.register({ uid, password });
    await online(client);
    return Object.assign(client, { uid });
  }

  async end(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((client) => client.close()));
  }
}

/** Resolves when the client is connected and has the list. */
export const online = (client: Client): Promise<boolean> =>
  until('a client that is online', () => client.status.value === 'online' && client.isSynced.value, 30_000);

const states = ['sending', 'sent', 'delivered', 'read'];

/** Whether it is this message, come as far or further. */
function isAtLeast(shown: string, wanted: string | undefined): boolean {
  const [at, until] = [shown.lastIndexOf(' '), wanted?.lastIndexOf(' ')];
  if (wanted === undefined || shown.slice(0, at) !== wanted.slice(0, until)) return false;
  return states.indexOf(shown.slice(at + 1)) >= states.indexOf(wanted.slice(until! + 1));
}

/** Resolves when these messages are shown of a conversation, each come as far or further. */
export async function shows(
  client: Client,
  of: Parameters<Client['conversation']>[0],
  wanted: readonly string[],
): Promise<void> {
  const conversation = client.conversation(of);
  const shown = (): string[] => conversation.messages.value.items.map(brief);
  try {
    const isShown = () => {
      const now = shown();
      return now.length === wanted.length && now.every((one, i) => isAtLeast(one, wanted[i]));
    };
    await until('messages', isShown, 20_000);
  } catch {
    throw new Error(`shows ${JSON.stringify(shown())} and not ${JSON.stringify(wanted)}`);
  }
}
