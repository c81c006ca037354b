import { asForwarded } from '../schemas/messages.ts';
import type { AdmittedForward } from './door.ts';
import { plain, type Sender } from './sender.ts';
import type { Forwarded } from './sends.ts';

/** Everything is checked before the first is submitted; they then stand in the order given. */
export async function sendForward(
  sender: Sender,
  { route, messages }: AdmittedForward,
): Promise<Forwarded[]> {
  await sender.routes.open(route);
  const checked = [];
  for (const { outgoing: given, forward } of messages) {
    const outgoing = asForwarded(await sender.checked(route, given), forward);
    sender.door.checkSize(route, outgoing);
    checked.push(outgoing);
  }
  return Promise.all(
    checked.map(async (outgoing) => {
      const { seq, ts, repeat } = await sender.commit.submit(plain(route, outgoing));
      return { id: outgoing.id, seq, ts, repeat };
    }),
  );
}
