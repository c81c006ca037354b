import assert from 'node:assert/strict';
import { directConv } from '../../schemas/event.ts';
import { textMessage } from '../support/chat-client.ts';
import type { Petrel } from '../support/petrel.ts';
import type { Person } from './person.ts';

/** How many connections of this user the server has. */
export async function connectionsOf(petrel: Petrel, uid: string): Promise<number> {
  const operator = petrel.known('operator', { scope: 'admin' });
  const { status, body } = await operator.api.get<{ items: unknown[] }>(`/admin/connections?uid=${uid}`);
  assert.equal(status, 200);
  return body.items.length;
}

/** What the server has stored of a conversation of two, oldest first: the texts of its messages. */
export async function storedTexts(petrel: Petrel, one: Person, other: Person): Promise<string[]> {
  const conv = directConv(one.uid, other.uid);
  const { api } = petrel.known(one.uid);
  const { status, body } = await api.get<{ events: { type: string; body?: { text?: string } }[] }>(
    `/conversations/${conv}/messages?limit=500`,
  );
  assert.equal(status, 200);
  return body.events.filter(({ type }) => type === 'text').map((event) => event.body?.text ?? '');
}

/** Many messages from one user to another, in order: `text(1)` to `text(count)`. */
export async function seed(
  petrel: Petrel,
  from: string,
  to: string,
  count: number,
  text: (i: number) => string,
): Promise<void> {
  const client = await petrel.known(from).connect();
  const window = 50;
  for (let i = 1; i <= count; i += window) {
    const batch = Array.from({ length: Math.min(window, count - i + 1) }, (_, k) => i + k);
    await Promise.all(
      batch.map((number) => client.publish(`send/u/${to}`, textMessage(`seed-${number}`, text(number)))),
    );
  }
  await client.disconnect();
}
