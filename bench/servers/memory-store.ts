import { createServer, type Socket } from 'node:net';
import { BSON } from 'mongodb';
import { Collections, type Row } from './memory-store/collections.ts';

/**
 * A server that speaks as much of MongoDB's protocol as the timeline does, and keeps everything in memory: it stands for a
 * store that is quick, so that what a cluster costs shows beside it. Listens on the port of its first argument.
 */
const opReply = 1;
const opQuery = 2004;
const opMsg = 2013;
const headerBytes = 16;

const hello: Row = {
  isWritablePrimary: true,
  ismaster: true,
  helloOk: true,
  maxBsonObjectSize: 16 * 1024 * 1024,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  minWireVersion: 0,
  maxWireVersion: 21,
  ok: 1,
};
const collections = new Collections();

function answer(command: Row): Row {
  const [name] = Object.keys(command);
  if (name === 'hello' || name === 'ismaster' || name === 'isMaster')
    return { ...hello, localTime: new Date() };
  return { ...collections.run(name!, command), ok: 1 };
}

function onMessage(socket: Socket, message: Buffer): void {
  const id = message.readInt32LE(4);
  if (message.readInt32LE(12) === opQuery) {
    // flags, name of the collection, skip, limit
    const at = message.indexOf(0, headerBytes + 4) + 1 + 8;
    const body = BSON.serialize(answer(read(message, at)));
    const reply = Buffer.alloc(headerBytes + 20);
    reply.writeInt32LE(1, headerBytes + 16);
    send(socket, id, opReply, [reply.subarray(headerBytes), body]);
    return;
  }
  const flags = message.readUInt32LE(headerBytes);
  const command: Row = {};
  for (let at = headerBytes + 4; at < message.length; ) {
    const kind = message[at]!;
    const size = message.readInt32LE(at + 1);
    if (kind === 0) Object.assign(command, read(message, at + 1));
    else {
      const nameEnd = message.indexOf(0, at + 5);
      const rows: Row[] = [];
      for (let row = nameEnd + 1; row < at + 1 + size; row += message.readInt32LE(row))
        rows.push(read(message, row));
      command[message.toString('latin1', at + 5, nameEnd)] = rows;
    }
    at += 1 + size;
  }
  const moreToCome = 2;
  const reply = answer(command);
  if ((flags & moreToCome) === 0) send(socket, id, opMsg, [Buffer.alloc(5), BSON.serialize(reply)]);
}

const read = (bytes: Buffer, at: number): Row =>
  BSON.deserialize(bytes.subarray(at, at + bytes.readInt32LE(at)), { promoteBuffers: true }) as Row;

function send(socket: Socket, to: number, opcode: number, parts: readonly Uint8Array[]): void {
  const header = Buffer.alloc(headerBytes);
  header.writeInt32LE(headerBytes + parts.reduce((sum, part) => sum + part.length, 0), 0);
  header.writeInt32LE(to, 8);
  header.writeInt32LE(opcode, 12);
  socket.write(Buffer.concat([header, ...parts]));
}

createServer({ noDelay: true }, (socket) => {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (bytes: Buffer) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    while (rest.length >= 4 && rest.length >= rest.readInt32LE(0)) {
      const message = rest.subarray(0, rest.readInt32LE(0));
      rest = rest.subarray(message.length);
      onMessage(socket, message);
    }
  });
}).listen(Number(process.argv[2]), '127.0.0.1');
