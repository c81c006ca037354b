import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Petrel } from '../support/petrel.ts';
import { pingreq } from '../support/raw.ts';
import { Seeded } from '../support/seeded.ts';
import { until, within } from '../support/until.ts';
import { nextConversation } from './conversations.ts';
import { shapeOf } from './shape.ts';
import { WitnessPair } from './witnesses.ts';

export interface FuzzOptions {
  readonly connections: number;
  readonly seed: number;
  /** Hostile connections at one time. */
  readonly concurrency?: number;
}

export interface FuzzReport {
  readonly connections: number;
  /** How hostile connections went: the server told why it ended them, closed them without a packet, or served them to their end. */
  readonly refused: number;
  readonly closed: number;
  readonly served: number;
  /** Messages the witnesses exchanged meanwhile, and the slowest one's ms. */
  readonly witnessed: number;
  readonly slowestMs: number;
  /** Growth of the server's memory after a tenth of the connections, bytes. */
  readonly grownBytes: number;
}

/** A CONNECT waits for its answer no longer than this. */
const answerMs = 20_000;
const quietMs = 60;
const pingresp = Buffer.of(0xd0, 0);

/** Plays hostile connections against a server of its own while two witnesses talk. Rejects at the first thing that is wrong. */
export async function fuzz({ connections, seed, concurrency = 8 }: FuzzOptions): Promise<FuzzReport> {
  const petrel = new Petrel({
    PETREL_AUTH_ANONYMOUS: 'true',
    PETREL_TOPICS_CUSTOM: JSON.stringify([{ match: '#', allow: ['publish', 'subscribe'] }]),
  });
  try {
    await petrel.start();
    const witnesses = await WitnessPair.begin(petrel);
    const counts = { refused: 0, closed: 0, served: 0 };
    let next = 0;
    let early = 0;
    const play = async (): Promise<void> => {
      while (next < connections) {
        const number = next++;
        if (number === Math.ceil(connections / 10)) early = await memoryOf(petrel);
        counts[await attack(petrel, seed, number)]++;
        witnesses.check();
      }
    };
    await Promise.all(Array.from({ length: concurrency }, play));
    const { exchanged, slowestMs } = await witnesses.end();
    const grownBytes = (await memoryOf(petrel)) - early;
    // It still takes new clients.
    const last = await WitnessPair.begin(petrel);
    await last.end();
    return { connections, ...counts, witnessed: exchanged, slowestMs, grownBytes };
  } finally {
    await petrel.remove();
  }
}

/** One hostile connection, and how it went. */
async function attack(
  petrel: Petrel,
  seed: number,
  number: number,
): Promise<'refused' | 'closed' | 'served'> {
  const random = new Seeded(Math.imul(seed, 0x9e3779b1) ^ number);
  const { pieces, greets } = nextConversation(random);
  const socket = connect({ port: petrel.port('mqtt'), host: '127.0.0.1', noDelay: true });
  socket.on('error', () => {});
  const name = `connection ${number} of seed ${seed}`;
  await within(`${name}: the server takes it`, once(socket, 'connect'));
  const received: Buffer[] = [];
  let lastAt = Date.now();
  let ended = false;
  socket.on('data', (bytes: Buffer) => {
    received.push(bytes);
    lastAt = Date.now();
  });
  socket.once('close', () => {
    ended = true;
  });
  for (const piece of pieces) {
    socket.write(piece);
    if (random.next() < 0.3) await new Promise((resolve) => setImmediate(resolve));
  }
  if (greets) await until(`${name}: an answer`, () => ended || received.length > 0, answerMs);
  // Where the packets still have their bounds the answer to this tells that all were read; else the server falls silent.
  socket.write(pingreq);
  lastAt = Date.now();
  const answered = () => received.at(-1)?.subarray(-2).equals(pingresp) === true;
  await until(`${name}: silence`, () => ended || answered() || Date.now() - lastAt > quietMs);
  socket.destroy();
  const bytes = Buffer.concat(received);
  const [five, four] = [shapeOf(bytes, 5), shapeOf(bytes, 4)];
  if (five.wrong !== undefined && four.wrong !== undefined) {
    assert.fail(`${name}: ${five.wrong} ${bytes.toString('hex').slice(0, 400)}`);
  }
  if (bytes.length === 0) return 'closed';
  return (five.wrong === undefined ? five : four).ended ? 'refused' : 'served';
}

async function memoryOf(petrel: Petrel): Promise<number> {
  const reply = await fetch(`${petrel.url('http')}/metrics`);
  const line = /^process_resident_memory_bytes (\S+)/m.exec(await reply.text());
  return Number(line?.[1] ?? Number.NaN);
}
