import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { type Readable, Writable } from 'node:stream';
import { loadConfig } from '../../schemas/config.ts';
import { isUid, reservedUids } from '../../schemas/identity.ts';
import type { Client } from '../../sdk/types.ts';
import { UsageError } from '../arguments.ts';
import type { Surroundings, Terminal } from '../surroundings.ts';

/** The options of all commands that are a client of a server. */
export const accountOptions = {
  url: { type: 'string' },
  token: { type: 'string' },
  register: { type: 'boolean', default: false },
  config: { type: 'string' },
} as const;

export interface AccountValues {
  readonly url?: string | undefined;
  readonly token?: string | undefined;
  readonly register: boolean;
  readonly config?: string | undefined;
}

const ttl = 3600;

/**
 * A client of this user, signed in. With `--token` by that token; at a `--url` by the password, which is asked for; at the
 * server of this configuration by a token of its own keys, as `petrel token` makes them. Throws UsageError.
 */
export async function openAccount(
  uid: string | undefined,
  values: AccountValues,
  around: Surroundings,
): Promise<Client> {
  if (uid === undefined) throw new UsageError('Who are you? Give a uid.');
  if (!isUid(uid) || reservedUids.has(uid)) throw new UsageError(`'${uid}' is not a uid.`);
  const { token } = values;
  const { createClient } = await around.loadClient();
  const device = { name: 'petrel', platform: 'bot' } as const;
  if (token !== undefined)
    return createClient({ url: addressOf(values, around), device, token: () => Promise.resolve(token) });
  if (values.url === undefined && !values.register) {
    const { config } = loadConfig({ file: values.config, env: around.env });
    const own = () => around.issueToken(config, { uid, ttl, platform: 'bot' });
    // Where there are no keys it is said before anything is connected.
    await own();
    return createClient({ url: addressOf(values, around), device, token: own });
  }
  const password = await askPassword(uid, around);
  const client = await createClient({ url: addressOf(values, around), device });
  try {
    await (values.register ? client.register({ uid, password }) : client.signIn({ uid, password }));
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}

function addressOf({ url, config: file }: AccountValues, around: Surroundings): string {
  if (url === undefined) {
    const { config } = loadConfig({ file, env: around.env });
    return `http://localhost:${config.http.port}`;
  }
  if (!/^https?:\/\//.test(url) || !URL.canParse(url))
    throw new UsageError('--url must be an address, as https://chat.example.');
  return url;
}

/** What is typed is not shown; without a terminal it is the first line of the input. */
async function askPassword(uid: string, { terminal }: Surroundings): Promise<string> {
  const password =
    terminal.input.isTTY === true ? await typed(uid, terminal) : await firstLine(terminal.input);
  if (password === '') throw new UsageError('No password was given.');
  return password;
}

async function typed(uid: string, { input, output }: Terminal): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  output.write(`Password of ${uid}: `);
  const lines = createInterface({ input, output: silent, terminal: true });
  try {
    const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    return await Promise.race([lines.question(''), ended]);
  } finally {
    lines.close();
    output.write('\n');
  }
}

/** What comes behind it is left for others to read. */
async function firstLine(input: Readable): Promise<string> {
  let text = Buffer.alloc(0);
  for (;;) {
    const chunk = input.read() as Buffer | null;
    if (chunk !== null) {
      text = Buffer.concat([text, chunk]);
      const end = text.indexOf('\n');
      if (end < 0) continue;
      input.unshift(text.subarray(end + 1));
      return text.subarray(0, end).toString().replace(/\r$/, '');
    }
    if (input.readableEnded || input.destroyed) return text.toString();
    await Promise.race([once(input, 'readable'), once(input, 'end'), once(input, 'close')]);
  }
}
