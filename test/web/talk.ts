import assert from 'node:assert/strict';
import type { Petrel } from '../support/petrel.ts';
import { until } from '../support/until.ts';
import { type Person, patienceMs } from './person.ts';
import { storedTexts } from './server-side.ts';

/** What Chromium says of a network, or a server, that is not there. */
export const noNetwork: readonly RegExp[] = [/net::ERR_/, /WebSocket connection to/];

/** Says one after the other. */
export async function say(person: Person, texts: readonly string[]): Promise<void> {
  for (const text of texts) await person.say(text);
}

/** `m-{who}-01` and so on: none is the beginning of another. */
export const numbered = (who: string, count: number, from = 1): string[] =>
  Array.from({ length: count }, (_, i) => `m-${who}-${String(from + i).padStart(2, '0')}`);

/**
 * Waits until the server has all of this, each once, and both show it as it is there: the same messages in the same
 * order, what each of them said in the order in which it was said, and delivered.
 */
export async function agree(
  petrel: Petrel,
  [one, other]: readonly [Person, Person],
  said: readonly string[],
  timeoutMs = patienceMs,
): Promise<void> {
  const stored = await until(
    'everything on the server',
    async () => {
      const texts = await storedTexts(petrel, one, other);
      return said.every((text) => texts.includes(text)) ? texts : undefined;
    },
    timeoutMs,
  );
  assert.deepEqual(stored.toSorted(), [...said].sort(), 'each message once');
  await Promise.all([one, other].map((person) => person.seesAll(/\bm-[a-z]+(-\d\d)?/, stored, timeoutMs)));
  for (const who of new Set(said.map(senderOf))) {
    const own = (texts: readonly string[]) => texts.filter((text) => senderOf(text) === who);
    assert.deepEqual(own(stored), own(said), `what ${who} said is in the order in which it was said`);
  }
  for (const person of [one, other])
    for (const text of said.filter((text) => person.uid.startsWith(senderOf(text))))
      await person.seesState(text, 'Delivered', 'Read');
}

const senderOf = (text: string): string => text.split('-')[1]!;
