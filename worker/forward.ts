import type { ConvId } from '../schemas/event.ts';
import { asForwarded, checkOutgoing, type ForwardMark } from '../schemas/messages.ts';
import type { Sender } from './sender.ts';

/** A message of another conversation, as it is to be said again. */
export interface ForwardMessage {
  readonly id: string;
  readonly type: string;
  readonly body: unknown;
  readonly forward: ForwardMark;
}

export interface ForwardInput {
  readonly conv: ConvId;
  readonly from: string;
  readonly messages: readonly ForwardMessage[];
}

/** Where a forwarded message found its place. */
export interface Forwarded {
  readonly id: string;
  readonly seq: number;
  readonly ts: number;
  readonly repeat: boolean;
}

/** Everything is checked before the first is submitted; they then stand in the order given. */
export async function sendForward(
  sender: Sender,
  { conv, from, messages }: ForwardInput,
): Promise<Forwarded[]> {
  const route = sender.routeTo(conv, from);
  for (const _ of messages) sender.takeRate(from);
  await sender.open(route);
  const checked = [];
  for (const { forward, ...payload } of messages) {
    const outgoing = asForwarded(await sender.checked(route, checkOutgoing(payload)), forward);
    sender.checkSize(route, outgoing);
    checked.push(outgoing);
  }
  return Promise.all(
    checked.map(async (outgoing) => {
      const { seq, ts, repeat } = await sender.commit.submit(sender.plain(route, outgoing));
      return { id: outgoing.id, seq, ts, repeat };
    }),
  );
}
