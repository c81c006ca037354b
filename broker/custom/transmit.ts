import type { CustomClient } from './custom.ts';
import type { Copy, CustomMessage } from './message.ts';

/** Sends one PUBLISH. False: the client takes no packet so large. [MQTT-3.1.2-24] */
export function transmit(
  { link, aliases }: CustomClient,
  message: CustomMessage,
  copy: Copy,
  id: number,
  dup: boolean,
  now: number,
): boolean {
  let alias = aliases?.of(message.topic);
  let frame = message.frame(link.version, copy, id, dup, now, alias);
  if (frame.length > link.maxPacketSize && alias?.known === false) {
    // A new alias makes the packet longer.
    alias = undefined;
    frame = message.frame(link.version, copy, id, dup, now, alias);
  }
  if (frame.length > link.maxPacketSize) return false;
  if (alias !== undefined) alias.known = true;
  link.send(frame);
  return true;
}
