import { text as readAll } from 'node:stream/consumers';
import { parsed, UsageError } from './arguments.ts';
import { accountOptions, openAccount } from './chat/account.ts';
import { placeOf } from './chat/place.ts';
import { exit, type Surroundings } from './surroundings.ts';

const maxTimeoutS = 3600;

/** `petrel send`: says one thing, and ends when the server has stored it. Prints the place it got. */
export async function send(args: readonly string[], around: Surroundings): Promise<number> {
  const { values, words } = parsed(
    args,
    { ...accountOptions, id: { type: 'string' }, timeout: { type: 'string', default: '30' } },
    Number.POSITIVE_INFINITY,
  );
  const [uid, to, ...said] = words;
  if (to === undefined) throw new UsageError('To whom? Give a uid, or a group as g:{gid}.');
  if (said.length === 0) throw new UsageError('Say what? Give a text, or - to read it.');
  const timeoutS = Number(values.timeout);
  if (!(timeoutS > 0 && timeoutS <= maxTimeoutS))
    throw new UsageError(`--timeout must be seconds, at most ${maxTimeoutS}.`);
  const text = said.join(' ') === '-' ? await readAll(around.terminal.input) : said.join(' ');
  const client = await openAccount(uid, values, around);
  try {
    const draft = { body: { text }, ...(values.id !== undefined && { id: values.id }) };
    const { stored } = await placeOf(client, to).send(draft);
    const { seq } = await within(stored, timeoutS * 1000);
    around.out(String(seq));
    return exit.ok;
  } finally {
    await client.close();
  }
}

async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the server did not store it in time')), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
