import * as raw from '../support/raw.ts';
import { property as p } from '../support/raw.ts';
import type { Seeded } from '../support/seeded.ts';

/** What one hostile connection sends. */
export interface Conversation {
  readonly pieces: readonly Buffer[];
  /** Whether it begins with a CONNECT that the server has to answer. */
  readonly greets: boolean;
}

const topics = [
  'a',
  'a/b',
  'witness/x',
  'send/u/alice',
  'send/g/x',
  'read/u/alice',
  'req/me.get',
  'presence/x',
  '$SYS/x',
  '__proto__',
];
const filters = [
  'a',
  'a/#',
  '+/b',
  '#',
  '$share/g/a',
  '$share//a',
  'u/alice',
  'g/x',
  'constructor',
  'a+',
  '$SYS/#',
  '',
];
const names = ['c', 'constructor', '__proto__', 'toString', ''];

const anyProperty = (random: Seeded): Buffer => {
  const one = random.pick(Object.values(p)) as (a: never, b: never) => Buffer;
  const value = () => random.pick<unknown>([0, 1, 2, 77, 65_535, 'x', '', random.bytes(3)]);
  try {
    return one(value() as never, value() as never);
  } catch {
    return random.bytes(random.between(1, 6));
  }
};

const someProperties = (random: Seeded): Buffer[] =>
  Array.from({ length: random.pick([0, 0, 0, 1, 2, 5]) }, () => anyProperty(random));

const text = (random: Seeded): raw.Bytes =>
  random.pick<raw.Bytes>([
    random.pick(topics),
    random.pick(filters),
    random.bytes(random.between(0, 20)),
    'x'.repeat(300),
  ]);

const validConnect = (random: Seeded): Buffer =>
  raw.connect({
    clientId: random.pick(names) + random.between(0, 50),
    clean: random.next() < 0.5,
    keepAlive: random.between(0, 100),
    properties:
      random.next() < 0.3
        ? [p.sessionExpiry(random.between(0, 30)), p.receiveMaximum(random.between(1, 9))]
        : [],
    ...(random.next() < 0.2
      ? { will: { topic: random.pick(['a', 'a/b']), payload: random.bytes(5), qos: random.between(0, 2) } }
      : {}),
  });

const wildConnect = (random: Seeded): Buffer =>
  raw.connect({
    name: random.pick<raw.Bytes>(['MQTT', 'MQTT', 'MQIsdp', random.bytes(4)]),
    level: random.pick([3, 4, 5, 5, 5, random.between(0, 255)]),
    clientId: text(random),
    keepAlive: random.between(0, 65_535),
    properties: someProperties(random),
    ...(random.next() < 0.5 ? { flags: random.between(0, 255) } : {}),
    ...(random.next() < 0.3 ? { will: { topic: text(random), properties: someProperties(random) } } : {}),
    ...(random.next() < 0.3 ? { userName: text(random) } : {}),
    ...(random.next() < 0.3 ? { password: text(random) } : {}),
  });

/** A packet that is right in its outline and random in its fields. */
function packetOf(random: Seeded): Buffer {
  const id = random.pick([0, 1, 2, 3, 300, 0x7fff, 0x8000, 0xffff]);
  const reason = random.pick([undefined, 0, 0x10, 0x80, 0x92, random.between(0, 255)]);
  switch (random.between(0, 11)) {
    case 0:
    case 1:
    case 2:
      return raw.publish({
        topic: random.next() < 0.7 ? random.pick(topics) : text(random),
        payload: random.bytes(random.pick([0, 1, 30, 400])),
        qos: random.pick([0, 1, 2, 2, 3]),
        id,
        retain: random.next() < 0.2,
        dup: random.next() < 0.2,
        properties: someProperties(random),
      });
    case 3:
    case 4: {
      const some = Array.from(
        { length: random.between(0, 5) },
        () => [random.pick(filters), random.pick([0, 1, 2, random.between(0, 255)])] as const,
      );
      return raw.subscribe(id, some, ...someProperties(random));
    }
    case 5:
      return raw.unsubscribe(id, [random.pick(filters), text(random)], ...someProperties(random));
    case 6:
      return raw.ack(
        random.pick([0x40, 0x50, 0x62, 0x70]),
        id,
        reason,
        ...(reason === undefined ? [] : someProperties(random)),
      );
    case 7:
      return raw.pingreq;
    case 8:
      return raw.disconnect(reason, ...(reason === undefined ? [] : someProperties(random)));
    case 9:
      return raw.auth(random.pick([0, 0x18, 0x19]), ...someProperties(random));
    case 10:
      return wildConnect(random);
    default:
      return raw.frame(random.between(0, 255), random.bytes(random.between(0, 40)));
  }
}

const realConversation = (random: Seeded): Buffer[] => [
  validConnect(random),
  raw.subscribe(1, [[random.pick(['a/#', 'a', '$share/g/a']), random.between(0, 2)]], p.subscriptionId(3)),
  raw.publish({
    topic: 'a/b',
    qos: 1,
    id: 2,
    payload: 'hello',
    properties: [p.contentType('text/plain'), p.user('k', 'v')],
  }),
  raw.publish({ topic: 'a', qos: 2, id: 3, payload: 'once', properties: [p.topicAlias(1)] }),
  raw.pubrel(3),
  raw.pingreq,
  raw.unsubscribe(4, ['a/#']),
  raw.disconnect(0, p.sessionExpiry(0)),
];

function flipped(bytes: Buffer, random: Seeded): Buffer {
  const copy = Buffer.from(bytes);
  for (let flips = random.between(1, 4); flips > 0; flips--) {
    const at = random.between(0, copy.length - 1);
    copy[at] = copy[at]! ^ (1 << random.between(0, 7));
  }
  return copy;
}

/** Cuts bytes into pieces as a network might. */
function cut(bytes: Buffer, random: Seeded): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = random.pick([1, 2, 5, 50, 2000, bytes.length]);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

/** What the next hostile connection does. */
export function nextConversation(random: Seeded): Conversation {
  switch (random.between(0, 4)) {
    case 0:
      return { pieces: cut(random.bytes(random.between(1, 300)), random), greets: false };
    case 1: {
      const bytes = Buffer.concat([validConnect(random), random.bytes(random.between(1, 200))]);
      return { pieces: cut(bytes, random), greets: true };
    }
    case 2:
      return { pieces: cut(flipped(Buffer.concat(realConversation(random)), random), random), greets: false };
    case 3:
      return { pieces: [wildConnect(random), packetOf(random)], greets: false };
    default: {
      const packets = Array.from({ length: random.between(1, 20) }, () => packetOf(random));
      return { pieces: [validConnect(random), ...packets], greets: true };
    }
  }
}
