import { parser } from 'mqtt-packet';

/** Packets that a server sends: CONNACK, PUBLISH, the four acknowledgements, SUBACK, UNSUBACK, PINGRESP, DISCONNECT, AUTH. */
const fromServer = new Set([2, 3, 4, 5, 6, 7, 9, 11, 13, 14, 15]);

export interface Shape {
  /** What is wrong; undefined where nothing is. */
  readonly wrong: string | undefined;
  /** Whether the last packet ends the connection: a refusal in CONNACK, or DISCONNECT. */
  readonly ended: boolean;
}

/** Looks at all bytes a server sent on one connection; they may end inside a packet. `version` is what it answers in. */
export function shapeOf(bytes: Buffer, version: 4 | 5): Shape {
  if (bytes.length > 0 && bytes[0] !== 0x20)
    return { wrong: 'The first packet is no CONNACK.', ended: false };
  let wrong: string | undefined;
  let connacks = 0;
  let ended = false;
  const reader = parser({ protocolVersion: version });
  reader.on('error', (error: Error) => {
    wrong ??= error.message;
  });
  reader.on('packet', (packet) => {
    if (ended) wrong ??= `${packet.cmd} behind the last packet.`;
    if (packet.cmd === 'connack') {
      connacks++;
      ended = (packet.reasonCode ?? packet.returnCode ?? 0) > 0;
    }
    if (packet.cmd === 'disconnect') {
      ended = true;
      if ((packet.reasonCode ?? 0) < 0x80) wrong ??= `DISCONNECT ${packet.reasonCode}.`;
    }
  });
  for (let at = 0; at < bytes.length; ) {
    if (!fromServer.has(bytes[at]! >> 4)) wrong ??= `A packet of type ${bytes[at]! >> 4}.`;
    const end = endOfPacket(bytes, at);
    if (wrong !== undefined || end === undefined || end > bytes.length) break;
    reader.parse(bytes.subarray(at, end));
    at = end;
  }
  if (connacks > 1) wrong ??= `${connacks} CONNACKs.`;
  return { wrong, ended };
}

/** Where the packet at `at` ends; undefined where its length is not all there. */
function endOfPacket(bytes: Buffer, at: number): number | undefined {
  let length = 0;
  for (let i = 0; i < 4; i++) {
    const byte = bytes[at + 1 + i];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 128 ** i;
    if (byte < 0x80) return at + 2 + i + length;
  }
  return undefined;
}
