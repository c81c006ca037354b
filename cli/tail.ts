import type { Message } from '../sdk/types.ts';
import { parsed } from './arguments.ts';
import { accountOptions, openAccount } from './chat/account.ts';
import { placeOf } from './chat/place.ts';
import { lineOf } from './chat/print.ts';
import { ended } from './chat/until.ts';
import { exit, type Surroundings } from './surroundings.ts';

/** `petrel tail`: prints what a user is sent, as it comes, until it is stopped. */
export async function tail(args: readonly string[], around: Surroundings): Promise<number> {
  const { values, words } = parsed(args, { ...accountOptions, json: { type: 'boolean', default: false } }, 2);
  const [uid, of] = words;
  const client = await openAccount(uid, values, around);
  try {
    const only = of === undefined ? undefined : placeOf(client, of).conv;
    client.on('message', (message: Message) => {
      if (only !== undefined && message.conv !== only) return;
      around.out(values.json ? JSON.stringify(message) : lineOf(message, { withConv: only === undefined }));
    });
    const reason = await ended(client, around);
    if (reason === undefined) return exit.ok;
    around.error(`petrel: signed out (${reason})`);
    return exit.failed;
  } finally {
    await client.close();
  }
}
