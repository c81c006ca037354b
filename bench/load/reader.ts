/** What a client is told of the packets that the generator understands. */
export interface PacketSink {
  connack(reason: number): void;
  suback(reason: number): void;
  puback(packetId: number, reason: number): void;
  /** `end` is where the payload ends in `bytes`; the packet id is 0 at QoS 0. */
  publish(packetId: number, bytes: Buffer, end: number): void;
  disconnect(reason: number): void;
}

/** Hands every whole packet in `bytes` to the sink and returns how many bytes they took; the rest is a packet's beginning. */
export function readPackets(bytes: Buffer, length: number, sink: PacketSink): number {
  let at = 0;
  while (length - at >= 2) {
    const first = bytes[at]!;
    let body = at + 1;
    let size = bytes[body++]!;
    if (size > 0x7f) {
      size &= 0x7f;
      for (let shift = 7; ; shift += 7) {
        if (body >= length) return at;
        const more = bytes[body++]!;
        size |= (more & 0x7f) << shift;
        if (more < 0x80) break;
      }
    }
    const end = body + size;
    if (end > length) return at;
    handPacket(first, bytes, body, end, sink);
    at = end;
  }
  return at;
}

function handPacket(first: number, bytes: Buffer, body: number, end: number, sink: PacketSink): void {
  switch (first >> 4) {
    case 3: {
      const afterTopic = body + 2 + ((bytes[body]! << 8) | bytes[body + 1]!);
      const packetId = (first & 6) === 0 ? 0 : (bytes[afterTopic]! << 8) | bytes[afterTopic + 1]!;
      sink.publish(packetId, bytes, end);
      break;
    }
    case 4:
      sink.puback((bytes[body]! << 8) | bytes[body + 1]!, end - body > 2 ? bytes[body + 2]! : 0);
      break;
    case 2:
      sink.connack(bytes[body + 1]!);
      break;
    case 9:
      sink.suback(bytes[end - 1]!);
      break;
    case 14:
      sink.disconnect(end > body ? bytes[body]! : 0);
  }
}
