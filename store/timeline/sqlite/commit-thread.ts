import { parentPort, receiveMessageOnPort, Worker, workerData } from 'node:worker_threads';
import { PlaceTaken } from '../../transfer.ts';
import { type Batch, Committer } from './committer.ts';
import { Conversations } from './conversations.ts';
import { blockOf } from './entry.ts';
import { KeyFilter } from './filter.ts';
import { Flusher } from './flusher.ts';
import { KeyHash } from './hash.ts';
import { Journal, journalFiles } from './journal.ts';
import type { Generation } from './memtable.ts';
import type { Answer, Call, IndexAnswer, IndexRequest, ThreadOptions } from './messages.ts';
import { Tables } from './reader.ts';
import { Reads } from './reads.ts';
import { Repeats } from './repeats.ts';
import { Scan } from './scan.ts';

// Takes what has arrived, answers the reads, then writes all appends in one commit.
const { dir, limits } = workerData as ThreadOptions;
const port = parentPort!;
const send = (answer: Answer, transfer: ArrayBuffer[] = []): void => port.postMessage(answer, transfer);
const warn = (message: string): void => send({ log: 'warn', message });

const indexThread = new Worker(new URL('./index-thread.js', import.meta.url), { workerData });
// Without it nothing goes on; the whole store then starts anew.
indexThread.on('error', (error) => {
  throw error;
});
let indexing: { resolve: () => void; reject: (reason: Error) => void } | undefined;
const indexed = await new Promise<number>((resolve) => {
  indexThread.on('message', (answer: IndexAnswer) => {
    if ('indexed' in answer) resolve(answer.indexed);
    else if (answer.error === undefined) indexing?.resolve();
    else indexing?.reject(new Error(answer.error));
  });
});
const index = (request: IndexRequest): Promise<void> =>
  new Promise((resolve, reject) => {
    indexing = { resolve, reject };
    indexThread.postMessage(request);
  });

// What an earlier run had not moved into the tables; at most what fits the limits, whatever the store's size.
for (const file of journalFiles(dir)) if (file.generation > indexed) await index(file);

const tables = new Tables(dir);
const journal = new Journal(dir, indexed);
const conversations = new Conversations(tables);
const generations: Generation[] = [];
const reads = new Reads(conversations, tables, generations);
const scan = new Scan(tables);
const flusher = new Flusher({ journal, conversations, generations, index, limits, warn });
const committer = new Committer({
  conversations,
  reads,
  repeats: new Repeats({ conversations, tables, filter: new KeyFilter(), generations }),
  journal,
  generations,
  hash: new KeyHash(tables.secret()),
});

type Write = Extract<Call, { name: 'append' | 'load' | 'moveCursors' }>;
let writes: Write[] = [];
let failed = false;

flusher.onChange = () => write();

function write(): void {
  if (writes.length === 0 || (flusher.full && !flusher.failing)) return;
  const taken = writes;
  writes = [];
  try {
    if (flusher.full) throw new Error('the tables take no more');
    const batches = taken.map(({ name, input }): Batch => ({ kind: name, block: blockOf(input) }));
    const outputs = committer.commit(batches);
    failed = false;
    taken.forEach(({ id, name }, i) => {
      const output = outputs[i]!;
      if (name === 'load') send({ id, output: '' });
      else send({ id, output }, [output.buffer]);
    });
  } catch (error) {
    const isTaken = error instanceof PlaceTaken;
    failed = !isTaken;
    for (const { id, name } of taken) {
      if (isTaken && name === 'load') send({ id, output: error.message });
      else send({ id, error: String(error) });
    }
  }
  conversations.trim();
  flusher.consider();
}

/** Answers a read; leaves writes for `write`. */
function take(call: Call): void {
  try {
    const { id } = call;
    if (call.name === 'append' || call.name === 'load' || call.name === 'moveCursors') writes.push(call);
    else if (call.name === 'range') sendNumbers(id, reads.range(call.input));
    else if (call.name === 'events') sendNumbers(id, reads.events(call.input));
    else if (call.name === 'changes') sendNumbers(id, reads.changes(call.input));
    else if (call.name === 'heads') sendNumbers(id, reads.heads(call.input));
    else if (call.name === 'directs') send({ id, output: reads.directs(call.input) });
    else if (call.name === 'cursors') sendNumbers(id, reads.cursors(call.input));
    else if (call.name === 'cursorsOf')
      send({ id, output: reads.cursorsOf(call.input.conv, call.input.afterUid, call.input.limit) });
    else if (call.name === 'scan') {
      const output = scan.events(call.input.conv, call.input.seq);
      send({ id, output }, [output.bytes.buffer]);
    } else if (call.name === 'scanCursors')
      send({ id, output: scan.cursors(call.input.conv, call.input.uid) });
    else if (call.name === 'mark') send({ id, output: tables.mark() });
    else if (call.name === 'flush') void flusher.flush().then(() => send({ id, output: null }));
    else if (call.name === 'check') {
      check();
      send({ id, output: null });
    } else void close(id);
  } catch (error) {
    send({ id: call.id, error: String(error) });
  }
}

function check(): void {
  if (flusher.full && flusher.failing) throw new Error('the tables take no more');
  // After a failure only a write shows whether the disk takes one again.
  if (failed) journal.probe();
  failed = false;
}

const sendNumbers = (id: number, output: Uint8Array<ArrayBuffer> | Float64Array<ArrayBuffer>): void =>
  send({ id, output }, [output.buffer]);

async function close(id: number): Promise<void> {
  await flusher.close();
  tables.close();
  indexThread.postMessage('close');
  await new Promise((resolve) => indexThread.once('exit', resolve));
  send({ id, output: null });
  port.close();
}

port.on('message', (first: Call) => {
  take(first);
  for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port))
    take(next.message as Call);
  write();
});

send({ ready: true });
