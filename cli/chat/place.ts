import { parseConv } from '../../schemas/event.ts';
import { isUid } from '../../schemas/identity.ts';
import type { Client, Conversation } from '../../sdk/types.ts';
import { UsageError } from '../arguments.ts';

/** The conversation that a word of the command line means: a uid, `g:{gid}`, or the id of a conversation. */
export function placeOf(client: Client, word: string): Conversation {
  if (isUid(word)) return client.conversation({ uid: word });
  if (parseConv(word) === undefined)
    throw new UsageError(`'${word}' is neither a uid nor a conversation, as g:{gid}.`);
  return client.conversation(word);
}
