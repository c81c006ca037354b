import { createInterface } from 'node:readline';
import type { Client, Status } from '../sdk/types.ts';
import { parsed } from './arguments.ts';
import { accountOptions, openAccount } from './chat/account.ts';
import { Talk } from './chat/talk.ts';
import { ended } from './chat/until.ts';
import { exit, type Surroundings } from './surroundings.ts';

const greeting = 'Type to talk, /help for more, /quit to end.';

/** `petrel chat`: a chat in the terminal, for trying things. */
export async function chat(args: readonly string[], around: Surroundings): Promise<number> {
  const { values, words } = parsed(args, accountOptions, 2);
  const [uid, to] = words;
  const client = await openAccount(uid, values, around);
  try {
    return await talkWith(client, to, around);
  } finally {
    await client.close();
  }
}

async function talkWith(client: Client, to: string | undefined, around: Surroundings): Promise<number> {
  const { input, output } = around.terminal;
  const lines = createInterface({ input, output, terminal: input.isTTY === true });
  // From now on: a line that is typed before somebody asks for it would be lost.
  const typedLines = lines[Symbol.asyncIterator]();
  const print = (line: string): void => {
    // The line that is being typed is shown anew below what is printed.
    if (input.isTTY) output.write('\r\x1b[K');
    output.write(`${line}\n`);
    if (input.isTTY) lines.prompt(true);
  };
  const talk = new Talk(client, print);
  const ask = (): void => {
    lines.setPrompt(talk.prompt);
    if (input.isTTY) lines.prompt();
  };
  const tell = (status: Status): void => {
    if (status === 'offline') print('  (offline; what you say is sent later)');
    if (status === 'online') print('  (online)');
  };
  const offStatus = client.status.subscribe(tell);
  const typed = (async (): Promise<undefined> => {
    print(greeting);
    tell(client.status.value);
    if (to !== undefined) await talk.to(to);
    ask();
    for await (const line of typedLines) {
      if (!(await talk.take(line))) return;
      ask();
    }
    await talk.settled();
  })();
  try {
    const reason = await Promise.race([typed, ended(client, around)]);
    if (reason === undefined) return exit.ok;
    around.error(`petrel: signed out (${reason})`);
    return exit.failed;
  } finally {
    offStatus();
    talk.end();
    lines.close();
  }
}
